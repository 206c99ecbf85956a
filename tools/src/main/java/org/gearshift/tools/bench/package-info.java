/** Measurements beside other emulators: runs that alternate, their records, and tables, alarms and profiles made of them. */
package org.gearshift.tools.bench;
