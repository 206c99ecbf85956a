package org.gearshift.vmm.xen;

/** Results of hypercalls that failed: the negated error numbers of errno.h. */
final class Errno {
    static final int EPERM = -1;
    static final int ENOENT = -2;
    static final int ESRCH = -3;
    static final int ENXIO = -6;
    static final int E2BIG = -7;
    static final int ENOMEM = -12;
    static final int EACCES = -13;
    static final int EFAULT = -14;
    static final int EBUSY = -16;
    static final int EEXIST = -17;
    static final int ENODEV = -19;
    static final int EINVAL = -22;
    static final int ENOSPC = -28;
    static final int ENOSYS = -38;
    static final int ENODATA = -61;
    static final int ETIME = -62;
    static final int EOPNOTSUPP = -95;

    private Errno() {
    }
}
