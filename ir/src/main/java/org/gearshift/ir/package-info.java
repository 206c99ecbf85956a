/**
 * The intermediate representation: types, operations, blocks and regions, and the contract between
 * code that executes IR and the virtual CPU it runs on.
 *
 * <p>Nothing here knows a guest instruction set; guest registers are numbered state slots named by a
 * {@link org.gearshift.ir.StateLayout}. This package depends on the JDK only.
 */
package org.gearshift.ir;
