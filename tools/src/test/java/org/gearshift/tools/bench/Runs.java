package org.gearshift.tools.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.gearshift.tools.bench.RunRecord.Section;

/** Made-up runs. */
final class Runs {
    private Runs() {
    }

    /** @param sections name, CPU seconds, name, CPU seconds ... */
    static RunRecord run(String peer, String kind, String args, double boot, int resident, Object... sections) {
        Map<String, Section> all = new LinkedHashMap<>();
        for (int i = 0; i < sections.length; i += 2) {
            all.put((String) sections[i], new Section(((Number) sections[i + 1]).doubleValue(), "c0ffee", 1));
        }
        return new RunRecord(peer, kind, args, "ok", boot, resident, all);
    }
}
