/**
 * IR regions to JVM bytecode: one region becomes one method of one hidden class, guest registers become JVM locals, guest
 * memory is reached through the page maps of {@link org.gearshift.ir.GuestContext} inline, and guest faults leave through one handler
 * that writes the locals back.
 *
 * <p>Knows nothing of any guest instruction set. Depends on {@code org.gearshift.ir} and ASM. Nothing here starts threads or keeps
 * global state; a {@link org.gearshift.backend.jvm.RegionCompiler} may be used by one thread at a time, compiled regions by any.
 */
package org.gearshift.backend.jvm;
