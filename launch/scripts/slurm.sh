#!/usr/bin/env bash
# Run an experiment in a Slurm allocation. Submit it from the folder that is to hold runs/, on a file system that all nodes share:
#   sbatch --ntasks=4 launch/scripts/slurm.sh launch/experiments/column_in_brain.yaml --layout my_layout.yaml
# As many tasks as the layout has ranks ('cosim plan' tells); everything after the script's name goes to 'cosim run'.
#SBATCH --job-name=cosim
#SBATCH --nodes=1
#SBATCH --ntasks=2
#SBATCH --cpus-per-task=1
#SBATCH --time=00:30:00
#SBATCH --signal=B:TERM@60
#SBATCH --output=cosim-%j.out

set -euo pipefail

# Set COSIM_ENV to the virtual environment that cosim is installed in; load the cluster's MPI and Python modules before it, if any.
if [ -n "${COSIM_ENV:-}" ]; then
  . "$COSIM_ENV/bin/activate"
fi

# 'exec': a minute before the end of the time, cosim itself is told, closes results.h5 and says 'interrupted'.
exec cosim run "$@"
