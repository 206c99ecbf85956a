/**
 * The divergence hunter: two engines run a guest in step, and where their states first differ, the instruction at fault is looked for, and the lifter, pass or engine to
 * blame.
 */
package org.gearshift.tools.diverge;
