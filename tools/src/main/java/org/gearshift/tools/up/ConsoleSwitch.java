package org.gearshift.tools.up;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.gearshift.vmm.host.VmConsole;

/**
 * One terminal for several consoles. What is typed goes to the console that is shown, but for Ctrl-], the gearshift key: it lists the consoles, and the next
 * key chooses one, or leaves. {@link #key} is for one thread, all else for any.
 */
public final class ConsoleSwitch {
    /** What the terminal shows. */
    public interface Screen {
        /** Writes bytes at once. */
        void write(byte[] bytes) throws IOException;
    }

    /** Ctrl-]. */
    public static final int GEARSHIFT_KEY = 0x1d;
    private static final String HELP = "1-9 choose, n next, p previous, r last output again, x ";

    private final Consoles consoles;
    private final Screen screen;
    private final Runnable leave;
    private final String leaving;
    private Consoles.Connection connection;
    private Shown shown;
    private boolean menu;

    /**
     * @param leave called for the key x
     * @param leaving what that does, in a word or two
     */
    public ConsoleSwitch(Consoles consoles, Screen screen, Runnable leave, String leaving) {
        this.consoles = consoles;
        this.screen = screen;
        this.leave = leave;
        this.leaving = leaving;
    }

    /** What comes from a console while it is shown. */
    private final class Shown implements VmConsole.Viewer {
        final String name;

        Shown(String name) {
            this.name = name;
        }

        @Override
        public void output(byte[] bytes) {
            synchronized (ConsoleSwitch.this) {
                if (shown == this) {
                    put(bytes);
                }
            }
        }

        @Override
        public void end() {
            synchronized (ConsoleSwitch.this) {
                if (shown == this) {
                    connection = null;
                    say(name + " has ended; Ctrl-] for the others");
                }
            }
        }
    }

    private void put(byte[] bytes) {
        try {
            screen.write(bytes);
        } catch (IOException e) {
            // Nobody can be told any more: the machines go on without a terminal.
            System.getLogger(ConsoleSwitch.class.getName()).log(System.Logger.Level.DEBUG, "the terminal is gone: {0}", e.getMessage());
        }
    }

    /** Writes a line that is not a guest's. */
    public synchronized void say(String text) {
        put(("\r\n[gearshift: " + text + "]\r\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Shows a console from its last output on. */
    public void show(String name) throws IOException {
        Consoles.Connection before;
        Shown next = new Shown(name);
        synchronized (this) {
            before = connection;
            connection = null;
            shown = next;
            say("console of " + name + "; Ctrl-] switches");
        }
        if (before != null) {
            before.close();
        }
        Consoles.Connection opened = consoles.open(name, next);
        synchronized (this) {
            if (shown == next) {
                connection = opened;
            }
        }
    }

    /** A byte that was typed. */
    public void key(int b) {
        try {
            if (menu) {
                menu = false;
                command(b);
            } else if (b == GEARSHIFT_KEY) {
                menu = true;
                say(menuText());
            } else {
                type(b);
            }
        } catch (IOException e) {
            say(e.getMessage());
        }
    }

    private void type(int b) throws IOException {
        Consoles.Connection to;
        synchronized (this) {
            to = connection;
        }
        if (to != null) {
            to.type(b);
        }
    }

    private String menuText() throws IOException {
        StringBuilder b = new StringBuilder();
        List<Consoles.Entry> all = consoles.list();
        for (int i = 0; i < all.size(); i++) {
            Consoles.Entry e = all.get(i);
            b.append(i + 1).append(' ').append(e.name()).append(e.name().equals(current()) ? "* " : " ").append(e.state()).append(" | ");
        }
        return b + HELP + leaving + ", Ctrl-] itself goes to the guest";
    }

    private synchronized String current() {
        return shown == null ? null : shown.name;
    }

    private void command(int b) throws IOException {
        switch (b) {
            case GEARSHIFT_KEY -> type(b);
            case 'x', 'X' -> leave.run();
            case 'n', 'N' -> step(1);
            case 'p', 'P' -> step(-1);
            case 'r', 'R' -> show(current());
            default -> {
                List<Consoles.Entry> all = consoles.list();
                int i = b - '1';
                if (i >= 0 && i < all.size()) {
                    show(all.get(i).name());
                }
            }
        }
    }

    private void step(int by) throws IOException {
        List<Consoles.Entry> all = consoles.list();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).name().equals(current())) {
                show(all.get(Math.floorMod(i + by, all.size())).name());
                return;
            }
        }
        if (!all.isEmpty()) {
            show(all.get(0).name());
        }
    }
}
