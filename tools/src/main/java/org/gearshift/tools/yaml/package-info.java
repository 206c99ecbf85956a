/** Files in YAML, read so that whoever wrote one hears which line and key is wrong, and what would be right. */
package org.gearshift.tools.yaml;
