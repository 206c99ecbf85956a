package org.gearshift.tools.unwind;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.gearshift.tools.symbols.ElfFile;
import org.gearshift.tools.symbols.OrcUnwinder.Memory;

/** The call frame information of a file, read when it is first asked for. A file that has none, or is not even an ELF file, knows nothing; one whose is damaged neither, and says so. */
public final class ProgramFrames {
    /** Where a file's bytes come from. */
    public interface Source {
        byte[] read() throws IOException;
    }

    private static final String[] SECTIONS = {".eh_frame", ".debug_frame"};

    private final String name;
    private Source source;
    private final List<CallFrameInformation> sections = new ArrayList<>();
    private String problem;

    /** @param name what to call the file in messages */
    public ProgramFrames(String name, Source source) {
        this.name = name;
        this.source = source;
    }

    /** Of a file. */
    public static ProgramFrames of(Path file) {
        return new ProgramFrames(file.toString(), () -> Files.readAllBytes(file));
    }

    private void load() {
        if (source == null) {
            return;
        }
        Source from = source;
        source = null;
        try {
            byte[] bytes = from.read();
            if (!ElfFile.isElf(bytes)) {
                return;
            }
            ElfFile elf = new ElfFile(name, bytes);
            for (String section : SECTIONS) {
                CallFrameInformation i = elf.isRelocatable() ? null : section(elf, section);
                if (i != null) {
                    sections.add(i);
                }
            }
        } catch (IOException e) {
            // It says which file itself.
            problem = e.getMessage();
        }
    }

    /** One section; null if there is none, or it is damaged: then the other one may still be good. */
    private CallFrameInformation section(ElfFile elf, String section) throws IOException {
        try {
            return CallFrameInformation.of(elf, section);
        } catch (CallFrameException e) {
            problem = name + ": " + e.getMessage() + "; the section is not used";
            return null;
        }
    }

    /** What is wrong with the file's tables, or null. */
    synchronized String problem() {
        load();
        return problem;
    }

    /**
     * The caller of a function.
     *
     * @return null if nothing is known of the function
     * @throws CallFrameException if what is known is damaged, or leads to what isn't there
     */
    synchronized CfiUnwinder.Step step(FrameState state, Memory memory, long slide) throws CallFrameException {
        load();
        for (CallFrameInformation s : sections) {
            try {
                CfiUnwinder.Step step = CfiUnwinder.step(s, state, memory, slide);
                if (step != null) {
                    return step;
                }
            } catch (CallFrameException e) {
                throw new CallFrameException(name + ": " + e.getMessage());
            }
        }
        return null;
    }

    synchronized List<CallFrameInformation> sections() {
        load();
        return sections;
    }
}
