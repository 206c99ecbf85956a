package org.gearshift.paging;

import java.util.Arrays;

/** Pages that code was fetched through, with a word each: a hash table with linear probing that forgets nothing by itself. */
final class ExecPages {
    private static final int FIRST_CAPACITY = 32;

    /** Page numbers plus 1; 0 where free. */
    private long[] keys = new long[FIRST_CAPACITY];
    private int[] words = new int[FIRST_CAPACITY];
    private int size;

    private int home(long key) {
        return (int) (key * 0x9e3779b97f4a7c15L >>> 40) & keys.length - 1;
    }

    private int find(long key) {
        int i = home(key);
        while (keys[i] != 0 && keys[i] != key) {
            i = i + 1 & keys.length - 1;
        }
        return i;
    }

    int size() {
        return size;
    }

    /** The word of a page, 0 if it has none. */
    int get(long page) {
        if (size == 0) {
            return 0;
        }
        int i = find(page + 1);
        return keys[i] == 0 ? 0 : words[i];
    }

    /** Sets the word of a page; 0 removes it. */
    void put(long page, int word) {
        if (word == 0 && size == 0) {
            return;
        }
        int i = find(page + 1);
        if (word == 0) {
            if (keys[i] != 0) {
                remove(i);
            }
            return;
        }
        if (keys[i] == 0) {
            keys[i] = page + 1;
            size++;
        }
        words[i] = word;
        if (size * 2 > keys.length) {
            grow();
        }
    }

    /** Closes the gap at {@code i}: later entries of its chain move up as far as their home allows. */
    private void remove(int i) {
        size--;
        int mask = keys.length - 1;
        int gap = i;
        for (int j = i + 1 & mask; keys[j] != 0; j = j + 1 & mask) {
            int home = home(keys[j]);
            if ((j - home & mask) >= (j - gap & mask)) {
                keys[gap] = keys[j];
                words[gap] = words[j];
                gap = j;
            }
        }
        keys[gap] = 0;
    }

    private void grow() {
        long[] oldKeys = keys;
        int[] oldWords = words;
        keys = new long[oldKeys.length * 2];
        words = new int[keys.length];
        size = 0;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                put(oldKeys[i] - 1, oldWords[i]);
            }
        }
    }

    void clear() {
        if (size > 0) {
            Arrays.fill(keys, 0);
            size = 0;
        }
    }

    /** Appends all pages that lie in {@code first .. first + count - 1} to a journal. */
    void collect(Journal pages, long first, long count) {
        for (int i = 0; i < keys.length; i++) {
            long page = keys[i] - 1;
            if (page - first >= 0 && page - first < count) {
                pages.add(page);
            }
        }
    }
}
