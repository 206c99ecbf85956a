package org.gearshift.tools;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A machine in one word: {@code name=NAME,KEY=VALUE,...}; a comma in a value is written twice. */
final class MachineOption implements ITypeConverter<MachineSpec> {
    private static final String NAME = "name";

    @Override
    public MachineSpec convert(String text) {
        try {
            return parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    private static MachineSpec parse(String text) {
        List<String> parts = split(text);
        MachineSpec machine = null;
        for (String part : parts) {
            if (part.startsWith(NAME + "=")) {
                machine = new MachineSpec(part.substring(NAME.length() + 1), Path.of(""));
            }
        }
        if (machine == null) {
            throw new IllegalArgumentException("'" + text + "' has no name; write name=NAME,kernel=FILE,mode=pv and so on");
        }
        List<String> seen = new ArrayList<>();
        for (String part : parts) {
            int equals = part.indexOf('=');
            if (equals <= 0) {
                throw new IllegalArgumentException("'" + part + "' is not KEY=VALUE; a comma in a value is written twice");
            }
            String key = part.substring(0, equals);
            if (seen.contains(key) && !MachineSpec.isRepeated(key)) {
                throw new IllegalArgumentException("'" + key + "' is there twice");
            }
            seen.add(key);
            if (!key.equals(NAME)) {
                machine.set(key, part.substring(equals + 1));
            }
        }
        machine.check();
        return machine;
    }

    /** At single commas; two are one of the text. */
    static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) != ',') {
                part.append(text.charAt(i));
            } else if (i + 1 < text.length() && text.charAt(i + 1) == ',') {
                part.append(',');
                i++;
            } else {
                parts.add(part.toString());
                part.setLength(0);
            }
        }
        parts.add(part.toString());
        return parts;
    }
}
