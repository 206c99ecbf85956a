package org.gearshift.vmm.device;

/**
 * The 82441FX PCI and memory controller, host bridge of the 440FX (Intel 290549). Its programmable attribute map is a plain register: the
 * shadowed BIOS area is always RAM here.
 */
public final class HostBridge440Fx extends PciFunction {
    private static final int INTEL = 0x8086;
    private static final int DEVICE = 0x1237;
    private static final int CLASS_HOST_BRIDGE = 0x060000;
    private static final int PAM0 = 0x59;
    private static final int PAM_COUNT = 7;

    /** Device 0, function 0 of bus 0. */
    public HostBridge440Fx() {
        super(INTEL, DEVICE, CLASS_HOST_BRIDGE, 2);
        set(COMMAND, COMMAND_MEMORY | COMMAND_MASTER, 2);
        // Memory and mastering are always on in a host bridge.
        allow(COMMAND, 0x140, 2);
        for (int i = 0; i < PAM_COUNT; i++) {
            set(PAM0 + i, i == 0 ? 0x30 : 0x33, 1);
            allow(PAM0 + i, 0x33, 1);
        }
    }

    @Override
    public String name() {
        return "440fx";
    }
}
