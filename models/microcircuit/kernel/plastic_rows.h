/* Lay out the synapses of a plastic projection, drawn as those of a static one, by source and delay. */
#ifndef MC_PLASTIC_ROWS_H
#define MC_PLASTIC_ROWS_H

#include "plastic.h"
#include "rows.h"

/* Draw all rows. Without `p->segment` only count: synapses, segments, ages; with it fill in what has been given room. `entry` has room for the
 * longest row; `count` is (ages,) and zero before and after. `part` is what a unit of a drawn weight is of the weight 1. */
static inline void mc_lay_plastic(const mc_engine *e, mc_plastic *p, const mc_projection *drawn, double part, mc_entry *entry, uint32_t *count) {
  uint64_t synapses = 0, segments = 0;
  for (uint32_t source = 0; source < p->sources; source++) {
    uint32_t n = mc_draw_row(e, drawn, source, entry, 0), place = 0;
    for (uint32_t i = 0; i < n; i++) count[entry[i].age]++;
    for (uint32_t a = 0; a < e->ages; a++) {
      uint32_t many = count[a];
      count[a] = place;
      if (!many) continue;
      if (p->segment)
        p->segment[segments] = (mc_segment){.first = synapses + place, .count = many, .age = a, .last = -1, .seen = INT64_MIN / 4};
      else p->age_low = a < p->age_low ? a : p->age_low, p->age_high = a > p->age_high ? a : p->age_high;
      segments++;
      place += many;
    }
    if (p->segment) {
      for (uint32_t i = 0; i < n; i++) {
        uint64_t j = synapses + count[entry[i].age]++;
        uint32_t size = e->block[0].count;
        double w = (double)mc_weight_of(entry[i].packed) * part;
        p->target[j] = entry[i].block * size + mc_slot_of(entry[i].packed) - p->input * size;
        p->weight[j] = p->rule != MC_STDP ? w : w > 1 ? 1 : w > 0 ? w : 0;
      }
      p->segment_upto[source + 1] = segments;
    }
    memset(count, 0, sizeof *count * e->ages);
    synapses += n;
  }
  p->synapses = synapses;
  p->segments = segments;
}

#endif
