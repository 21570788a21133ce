"""Show what happened in a run, in one HTML file."""

from cosim.launch.report.page import write_report as write_report
