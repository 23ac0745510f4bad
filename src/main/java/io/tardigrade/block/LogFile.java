package io.tardigrade.block;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One of the two files of an epoch log and where writing in it stands. Guarded by its owner. */
final class LogFile {
  private final int index;
  private final BlockFile file;
  private LogHeader header;
  private int slot;
  private long tail = LogHeader.RECORDS_START;
  private long records;
  private long newestEpoch;
  private volatile boolean unsynced;

  LogFile(int index, BlockFile file, LogHeader header, int slot) {
    this.index = index;
    this.file = file;
    this.header = header;
    this.slot = slot;
  }

  int index() {
    return index;
  }

  BlockFile file() {
    return file;
  }

  LogHeader header() {
    return header;
  }

  long generation() {
    return header.generation();
  }

  /** Where the next record goes. */
  long tail() {
    return tail;
  }

  /** Records written under the current generation. */
  long records() {
    return records;
  }

  /** The newest epoch that a record names. */
  long newestEpoch() {
    return newestEpoch;
  }

  void appended(long nextTail, long epoch) {
    tail = nextTail;
    records++;
    newestEpoch = Math.max(newestEpoch, epoch);
    unsynced = true;
  }

  /** Makes all records written before the call durable. */
  void syncIfWritten() throws IOException {
    if (unsynced) {
      // Cleared first: a record that is appended meanwhile sets it again.
      unsynced = false;
      file.sync();
    }
  }

  /**
   * Puts a new header in force, durably: only then may records be overwritten. Cuts the file to
   * {@code keepBytes}, so that blocks are reused without growing for ever. Does not touch this
   * object, hence needs no lock.
   */
  void writeHeader(LogHeader next, long keepBytes) throws IOException {
    file.write((long) (1 - slot) * LogHeader.SLOT_BYTES, next.encode());
    file.sync();
    if (file.size() > keepBytes) {
      file.truncate(keepBytes);
    }
  }

  /** Takes note that {@link #writeHeader} was done: the file is empty. */
  void emptied(LogHeader next) {
    header = next;
    slot = 1 - slot;
    tail = LogHeader.RECORDS_START;
    records = 0;
    newestEpoch = 0;
    unsynced = false;
  }

  /**
   * Opens a log file.
   *
   * @return null where the file was never in use: it is empty, or its making was cut short
   */
  static @Nullable LogFile find(int index, BlockFile file) throws IOException {
    LogHeader.Found found = LogHeader.find(file);
    if (found != null) {
      return new LogFile(index, file, found.header(), found.slot());
    }
    if (file.size() > LogHeader.RECORDS_START) {
      throw new IOException(
          "volume log has no valid header but "
              + file.size()
              + " bytes; it is damaged: restore it, or delete it to lose the writes it holds");
    }
    return null;
  }

  /** Makes a new log file, durably. */
  static LogFile create(int index, BlockFile file, LogHeader header) throws IOException {
    file.write(0, header.encode());
    file.sync();
    return new LogFile(index, file, header, 0);
  }
}
