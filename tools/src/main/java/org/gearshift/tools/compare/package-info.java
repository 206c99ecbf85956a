/** {@code gearshift compare}: the same workload in both gears, and reports of how they did. */
package org.gearshift.tools.compare;
