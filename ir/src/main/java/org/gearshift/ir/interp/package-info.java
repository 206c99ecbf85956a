/**
 * The interpreter: lowers IR blocks to packed micro-operations in one array and executes chains of them. Runs cold code, and is the
 * reference the backend is compared with. Depends on {@link org.gearshift.ir} only.
 */
package org.gearshift.ir.interp;
