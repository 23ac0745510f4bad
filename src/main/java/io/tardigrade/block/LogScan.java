package io.tardigrade.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What a log says after it was found again: the writes of each epoch that are not known to be in
 * the base file, and the newest epoch that can be recovered to.
 *
 * <p>The two files are read in the order of their generations. The second continues the first only
 * if its START record names the first's generation and exactly the number of records found there;
 * otherwise the first was torn and nothing behind the tear counts. If START names a generation that
 * is in neither file any more, what preceded it was in the base file before it was dropped.
 */
final class LogScan {
  private static final int CHUNK_BYTES = 64 << 10;

  private final long volumeBytes;
  private final long baseEpoch;
  private final List<BlockLayer> layers = new ArrayList<>();
  private final CRC32C crc = new CRC32C();
  private final ByteBuffer headerBuffer = ByteBuffer.allocateDirect(LogRecord.HEADER_BYTES);
  private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
  private long prepared;
  private long records;

  LogScan(long volumeBytes, long baseEpoch) {
    this.volumeBytes = volumeBytes;
    this.baseEpoch = baseEpoch;
    this.prepared = baseEpoch;
  }

  /** Oldest first, none at or before the base epoch. */
  List<BlockLayer> layers() {
    return layers;
  }

  /** The newest epoch all of whose writes are in the log or the base file. */
  long prepared() {
    return prepared;
  }

  /** Valid records found, START included; 0 means that the base file is all there is. */
  long records() {
    return records;
  }

  /** Reads the chain of records, lower generation first. */
  void read(LogFile first, LogFile second) throws IOException {
    long found = readFile(first, 0, 0);
    readFile(second, first.generation(), found);
  }

  /** Returns how many records of the file hold, 0 where it does not continue its predecessor. */
  private long readFile(LogFile log, long before, long recordsBefore) throws IOException {
    long position = LogHeader.RECORDS_START;
    long size = log.file().size();
    long sequence = 0;
    while (position + LogRecord.HEADER_BYTES <= size) {
      log.file().read(position, headerBuffer.clear());
      LogRecord record = LogRecord.decode(headerBuffer.flip(), volumeBytes);
      if (record == null
          || record.generation() != log.generation()
          || record.sequence() != sequence
          || position + LogRecord.HEADER_BYTES + record.payloadBytes() > size
          || !isWhole(log, position, record)) {
        break;
      }
      if (sequence == 0 && !continues(record, before, recordsBefore)) {
        return 0;
      }
      take(record, log.index(), position + LogRecord.HEADER_BYTES);
      sequence++;
      position = LogRecord.next(position, record.type(), record.payloadBytes());
    }
    records += sequence;
    return sequence;
  }

  private static boolean continues(LogRecord start, long before, long recordsBefore) {
    if (start.type() != LogRecord.Type.START) {
      return false;
    }
    // With no file before, or one that is not the one continued, the chain begins here: the file
    // that was continued has been emptied since, which is done only once it is in the base file.
    return (before == 0 || start.offset() != before)
        ? recordsBefore == 0
        : start.length() == recordsBefore;
  }

  private boolean isWhole(LogFile log, long position, LogRecord record) throws IOException {
    LogRecord.startCrc(crc, headerBuffer);
    long from = position + LogRecord.HEADER_BYTES;
    for (int done = 0; done < record.payloadBytes(); ) {
      int n = Math.min(CHUNK_BYTES, record.payloadBytes() - done);
      log.file().read(from + done, chunk.clear().limit(n));
      crc.update(chunk.flip());
      done += n;
    }
    return record.matches(crc);
  }

  private void take(LogRecord record, int source, long payloadAt) {
    switch (record.type()) {
      case START -> {}
      case WRITE -> put(record, source, payloadAt);
      case ZERO -> put(record, Extent.ZERO, 0);
      case TRIM -> put(record, Extent.TRIM, 0);
      case PREPARED -> prepared = Math.max(baseEpoch, record.epoch());
      case ROLLBACK -> {
        layers.removeIf(layer -> layer.epoch() > record.epoch());
        prepared = Math.max(baseEpoch, Math.min(prepared, record.epoch()));
      }
    }
  }

  private void put(LogRecord record, int source, long payloadAt) {
    if (record.epoch() <= baseEpoch) {
      return;
    }
    if (layers.isEmpty() || layers.getLast().epoch() != record.epoch()) {
      layers.add(new BlockLayer(record.epoch()));
    }
    layers.getLast().put(new Extent(record.offset(), record.length(), source, payloadAt));
  }
}
