package org.gearshift.paging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** News for one vCPU: nothing is lost, and what was posted while news were being acted on counts as not taken. */
class InboxTest {
    private final Inbox inbox = new Inbox();

    @Test
    void newsComeOldestFirstAndOnce() {
        inbox.protectedFrame(0x12345, 1);
        inbox.stored(0xfedcba987L, 8);
        inbox.flush();
        assertTrue(inbox.pending);
        long[] news = inbox.takeMappings();
        assertEquals(3, news.length);
        assertEquals(Inbox.PROTECTED, Inbox.kind(news[0]));
        assertEquals(0x12345, Inbox.place(news[0]));
        assertEquals(Inbox.STORED, Inbox.kind(news[1]));
        assertEquals(0xfedcba987L, Inbox.place(news[1]));
        assertEquals(8, Inbox.length(news[1]));
        assertEquals(Inbox.FLUSH, Inbox.kind(news[2]));
        assertFalse(inbox.pending);
        assertEquals(0, inbox.takeMappings().length);
    }

    @Test
    void aStoreMayCoverAWholeFrame() {
        inbox.stored(0x3000, 4096);
        assertEquals(4096, Inbox.length(inbox.takeMappings()[0]));
    }

    @Test
    void aProtectionIsTakenOnlyOnceItWasActedOn() {
        inbox.protectedFrame(7, 41);
        inbox.protectedFrame(8, 42);
        assertEquals(41, inbox.oldestProtection);
        inbox.takeMappings();
        assertEquals(41, inbox.oldestProtection, "taken, not yet acted on");
        inbox.mappingsTaken();
        assertEquals(0, inbox.oldestProtection);
    }

    @Test
    void aProtectionThatComesMeanwhileIsStillToBeTaken() {
        inbox.protectedFrame(7, 41);
        inbox.takeMappings();
        inbox.protectedFrame(8, 42);
        inbox.mappingsTaken();
        assertEquals(42, inbox.oldestProtection);
        assertTrue(inbox.pending);
        inbox.takeMappings();
        inbox.mappingsTaken();
        assertEquals(0, inbox.oldestProtection);
    }

    @Test
    void tooMuchNewsBecomesAFlush() {
        for (int i = 0; i < 100_000; i++) {
            inbox.stored(0x1000L * i, 4);
        }
        long[] news = inbox.takeMappings();
        assertTrue(news.length <= 1 << 14, () -> news.length + " news are kept");
        assertEquals(Inbox.FLUSH, Inbox.kind(news[0]), "what was forgotten is covered");
        assertEquals(0x1000L * 99_999, Inbox.place(news[news.length - 1]));
    }

    @Test
    void codeIsDroppedByTicket() {
        long first = inbox.codeWritten(5);
        long second = inbox.codeWritten(6);
        assertArrayEquals(new int[] {5, 6}, inbox.takeCode());
        assertTrue(inbox.codeTaken < first, "taken, not yet dropped");
        long third = inbox.codeWritten(5);
        inbox.codeDropped();
        assertTrue(inbox.codeTaken >= second && inbox.codeTaken < third);
        assertTrue(inbox.pending);
        assertArrayEquals(new int[] {5}, inbox.takeCode());
        inbox.codeDropped();
        assertTrue(inbox.codeTaken >= third);
        assertFalse(inbox.pending);
    }
}
