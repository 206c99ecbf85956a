/**
 * Disk images: what a block device reads from and writes to. Raw files, copy-on-write formats, and throw-away changes over either.
 *
 * <p>Knows nothing of guests and devices; depends on the JDK only. Whatever an image file says is checked before it is believed.
 */
package org.gearshift.vmm.disk;
