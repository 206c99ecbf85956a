package org.gearshift.paging;

/** A number that changes when a mapping that code was fetched through goes away; wraps around. */
final class MappingEpoch {
    int value;
}
