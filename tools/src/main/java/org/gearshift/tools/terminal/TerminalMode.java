package org.gearshift.tools.terminal;

import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;

/**
 * Raw mode of the controlling terminal through the C library's termios calls (POSIX 11.1.2). Linux and macOS layouts differ only in sizes; the
 * saved image is kept whole and never interpreted: {@code cfmakeraw} does the change.
 */
final class TerminalMode {
    /** The calls needed of libc. */
    interface LibC extends Library {
        int isatty(int fd);

        int tcgetattr(int fd, Pointer termios);

        int tcsetattr(int fd, int actions, Pointer termios);

        void cfmakeraw(Pointer termios);
    }

    private static final int STDIN = 0;
    private static final int TCSANOW = 0;
    /** Larger than any struct termios known (Linux 60, macOS 72 bytes). */
    private static final int TERMIOS_BYTES = 256;

    private final LibC libc;
    private final Memory saved = new Memory(TERMIOS_BYTES);

    private TerminalMode(LibC libc) {
        this.libc = libc;
    }

    /** Puts standard input into raw mode; null if it is no terminal. */
    static TerminalMode enterRaw() {
        LibC libc = Native.load("c", LibC.class);
        if (libc.isatty(STDIN) == 0) {
            return null;
        }
        TerminalMode m = new TerminalMode(libc);
        if (libc.tcgetattr(STDIN, m.saved) != 0) {
            return null;
        }
        Memory raw = new Memory(TERMIOS_BYTES);
        raw.write(0, m.saved.getByteArray(0, TERMIOS_BYTES), 0, TERMIOS_BYTES);
        libc.cfmakeraw(raw);
        return libc.tcsetattr(STDIN, TCSANOW, raw) == 0 ? m : null;
    }

    void restore() {
        libc.tcsetattr(STDIN, TCSANOW, saved);
    }
}
