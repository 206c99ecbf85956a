/** The guest profiler: samples of guest stacks at equal distances of retired instructions, summed up and drawn as a flame graph. */
package org.gearshift.tools.profile;
