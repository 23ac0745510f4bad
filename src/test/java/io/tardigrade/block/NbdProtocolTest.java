package io.tardigrade.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NbdProtocolTest {
  private static final int SIZE = 1 << 20;
  private static final int GREETING = 18;

  private static NbdSession plain() {
    return new NbdSession()
        .flags(3)
        .option(NbdWire.OPT_EXPORT_NAME, "disk".getBytes(StandardCharsets.UTF_8));
  }

  private static NbdSession structured() {
    return new NbdSession().flags(3).option(NbdWire.OPT_STRUCTURED_REPLY, new byte[0]).go("disk");
  }

  /** What was answered in the transmission phase. */
  private static ByteBuffer answers(NbdSession session, Volume volume) throws IOException {
    ByteBuffer all = NbdSession.serve(session.bytes(), NbdSession.exports(volume), 1);
    all.position(GREETING);
    if (all.getLong(GREETING) != NbdWire.OPTION_REPLY_MAGIC) {
      return all.position(GREETING + 10);
    }
    while (all.hasRemaining() && all.getLong(all.position()) == NbdWire.OPTION_REPLY_MAGIC) {
      all.position(all.position() + 20 + all.getInt(all.position() + 16));
    }
    return all;
  }

  private static void expectSimple(ByteBuffer in, int error, long cookie) {
    assertThat(in.getInt()).isEqualTo(NbdWire.SIMPLE_REPLY_MAGIC);
    assertThat(in.getInt()).isEqualTo(error);
    assertThat(in.getLong()).isEqualTo(cookie);
  }

  @Test
  void theGreetingIsNewstyleAndFixed() throws IOException {
    ByteBuffer heard =
        NbdSession.serve(new byte[0], NbdSession.exports(NbdSession.volume(SIZE)), 1);
    assertThat(heard.getLong()).isEqualTo(NbdWire.MAGIC);
    assertThat(heard.getLong()).isEqualTo(NbdWire.OPTION_MAGIC);
    assertThat(heard.getShort()).isEqualTo((short) 3);
    assertThat(heard.hasRemaining()).isFalse();
  }

  @Test
  void exportNameAnswersSizeAndFlagsWithPaddingUnlessDeclined() throws IOException {
    for (int clientFlags : new int[] {1, 3}) {
      NbdSession session =
          new NbdSession()
              .flags(clientFlags)
              .option(NbdWire.OPT_EXPORT_NAME, "rom".getBytes(StandardCharsets.UTF_8));
      Volume volume = NbdSession.volume(SIZE);
      ByteBuffer heard = NbdSession.serve(session.bytes(), NbdSession.exports(volume), 1);
      heard.position(GREETING);
      assertThat(heard.getLong()).isEqualTo(SIZE);
      assertThat((int) heard.getShort()).isEqualTo(NbdWire.exportFlags(true));
      assertThat(heard.remaining()).isEqualTo(clientFlags == 1 ? 124 : 0);
    }
  }

  @Test
  void goTellsExportAndBlockSizes() throws IOException {
    NbdSession session = new NbdSession().flags(3).go("disk", NbdWire.INFO_BLOCK_SIZE);
    ByteBuffer heard =
        NbdSession.serve(session.bytes(), NbdSession.exports(NbdSession.volume(SIZE)), 1);
    heard.position(GREETING);
    expectOption(heard, NbdWire.OPT_GO, NbdWire.REP_INFO, 12);
    assertThat(heard.getShort()).isEqualTo((short) NbdWire.INFO_EXPORT);
    assertThat(heard.getLong()).isEqualTo(SIZE);
    assertThat((int) heard.getShort()).isEqualTo(NbdWire.exportFlags(false));
    expectOption(heard, NbdWire.OPT_GO, NbdWire.REP_INFO, 14);
    assertThat(heard.getShort()).isEqualTo((short) NbdWire.INFO_BLOCK_SIZE);
    assertThat(heard.getInt()).isEqualTo(1);
    assertThat(heard.getInt()).isEqualTo(4096);
    assertThat(heard.getInt()).isEqualTo(32 << 20);
    expectOption(heard, NbdWire.OPT_GO, NbdWire.REP_ACK, 0);
    assertThat(heard.hasRemaining()).isFalse();
  }

  private static void expectOption(ByteBuffer in, int option, int reply, int length) {
    assertThat(in.getLong()).isEqualTo(NbdWire.OPTION_REPLY_MAGIC);
    assertThat(in.getInt()).isEqualTo(option);
    assertThat(in.getInt()).isEqualTo(reply);
    assertThat(in.getInt()).isEqualTo(length);
  }

  @Test
  void optionsThatAreWrongOrUnknownAreRefusedAndTheHandshakeGoesOn() throws IOException {
    NbdSession session =
        new NbdSession()
            .flags(3)
            .option(5, new byte[0])
            .go("nosuch")
            .option(NbdWire.OPT_INFO, new byte[] {0, 0, 0, 9, 1, 0})
            .option(NbdWire.OPT_INFO, new byte[] {-1, -1, -1, -1, 0, 0})
            .option(NbdWire.OPT_STRUCTURED_REPLY, new byte[1])
            .option(NbdWire.OPT_LIST, new byte[1])
            .option(99, new byte[100_000])
            .option(NbdWire.OPT_INFO, NbdSession.infoData("disk"))
            .option(NbdWire.OPT_LIST, new byte[0])
            .option(NbdWire.OPT_ABORT, new byte[0]);
    ByteBuffer heard =
        NbdSession.serve(session.bytes(), NbdSession.exports(NbdSession.volume(SIZE)), 1);
    heard.position(GREETING);
    expectOption(heard, 5, NbdWire.REP_ERR_UNSUP, 0);
    expectOption(heard, NbdWire.OPT_GO, NbdWire.REP_ERR_UNKNOWN, 0);
    expectOption(heard, NbdWire.OPT_INFO, NbdWire.REP_ERR_INVALID, 0);
    expectOption(heard, NbdWire.OPT_INFO, NbdWire.REP_ERR_INVALID, 0);
    expectOption(heard, NbdWire.OPT_STRUCTURED_REPLY, NbdWire.REP_ERR_INVALID, 0);
    expectOption(heard, NbdWire.OPT_LIST, NbdWire.REP_ERR_INVALID, 0);
    expectOption(heard, 99, NbdWire.REP_ERR_TOO_BIG, 0);
    expectOption(heard, NbdWire.OPT_INFO, NbdWire.REP_INFO, 12);
    heard.position(heard.position() + 12);
    expectOption(heard, NbdWire.OPT_INFO, NbdWire.REP_ACK, 0);
    for (int i = 0; i < 2; i++) {
      int at = heard.position();
      expectOption(heard, NbdWire.OPT_LIST, NbdWire.REP_SERVER, heard.getInt(at + 16));
      heard.position(heard.position() + heard.getInt(at + 16));
    }
    expectOption(heard, NbdWire.OPT_LIST, NbdWire.REP_ACK, 0);
    expectOption(heard, NbdWire.OPT_ABORT, NbdWire.REP_ACK, 0);
    assertThat(heard.hasRemaining()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    // command, flags, offset, length, error
    "0, 0, 1048576, 1, 22",
    "0, 0, 9223372036854775807, 4294967295, 22",
    "0, 0, -1, 1, 22",
    "0, 0, 0, 33554433, 22",
    "0, 4, 0, 512, 22",
    "2000, 0, 0, 0, 22",
    "5, 0, 0, 0, 22",
    "3, 0, 0, 0, 0",
    "3, 1, 0, 0, 0",
    "3, 0, 1, 0, 22",
    "4, 0, 0, 1048576, 0",
    "4, 0, 0, 1048577, 22",
    "4, 2, 0, 512, 22",
    "6, 2, 0, 1048576, 0",
    "6, 16, 512, 512, 0",
    "6, 19, 0, 512, 0",
    "6, 0, 1048575, 2, 28",
    "6, 0, -9223372036854775808, 2, 28",
    "6, 8, 0, 2, 22"
  })
  void aRequestOutOfBoundsOrUnknownIsRefused(
      int command, int flags, long offset, long length, int error) throws IOException {
    Volume volume = NbdSession.volume(SIZE);
    ByteBuffer in = answers(plain().request(flags, command, 77, offset, length), volume);
    expectSimple(in, error, 77);
    assertThat(in.hasRemaining()).isFalse();
  }

  @Test
  void aRefusedWriteTakesItsPayloadWithIt() throws IOException {
    NbdSession session =
        plain()
            .request(0, NbdWire.CMD_WRITE, 1, SIZE - 10, 100_000)
            .raw(new byte[100_000])
            .request(4, NbdWire.CMD_WRITE, 2, 0, 10)
            .raw(new byte[10])
            .request(0, NbdWire.CMD_FLUSH, 3, 0, 0);
    ByteBuffer in = answers(session, NbdSession.volume(SIZE));
    expectSimple(in, NbdWire.ERR_NOSPC, 1);
    expectSimple(in, NbdWire.ERR_INVAL, 2);
    expectSimple(in, NbdWire.OK, 3);
  }

  @Test
  void aReadOnlyExportRefusesWhatWrites() throws IOException {
    NbdSession session =
        new NbdSession()
            .flags(3)
            .go("rom")
            .request(0, NbdWire.CMD_WRITE, 1, 0, 10)
            .raw(new byte[10])
            .request(0, NbdWire.CMD_TRIM, 2, 0, 10)
            .request(0, NbdWire.CMD_WRITE_ZEROES, 3, 0, 10)
            .request(0, NbdWire.CMD_READ, 4, 0, 10);
    ByteBuffer in = answers(session, NbdSession.volume(SIZE));
    expectSimple(in, NbdWire.ERR_PERM, 1);
    expectSimple(in, NbdWire.ERR_PERM, 2);
    expectSimple(in, NbdWire.ERR_PERM, 3);
    expectSimple(in, NbdWire.OK, 4);
    assertThat(in.remaining()).isEqualTo(10);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void whatWasWrittenIsReadWithEitherKindOfReply(long seed) throws IOException {
    Random random = new Random(seed);
    byte[] model = new byte[SIZE];
    boolean structured = seed % 2 == 0;
    NbdSession session = structured ? structured() : plain();
    int requests = 60;
    for (int i = 0; i < requests; i++) {
      int length = random.nextInt(random.nextInt(8) == 0 ? SIZE : 8000);
      int offset = random.nextInt(SIZE - length);
      if (random.nextInt(3) == 0) {
        session.request(0, NbdWire.CMD_WRITE_ZEROES, i, offset, length);
        Arrays.fill(model, offset, offset + length, (byte) 0);
      } else {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        session.request(NbdWire.FLAG_FUA, NbdWire.CMD_WRITE, i, offset, length).raw(bytes);
        System.arraycopy(bytes, 0, model, offset, length);
      }
    }
    session.request(0, NbdWire.CMD_READ, 1000, 0, SIZE);
    session.request(0, NbdWire.CMD_READ, 1001, 5, 0);
    session.request(0, NbdWire.CMD_DISC, 0, 0, 0);
    ByteBuffer in = answers(session, NbdSession.volume(SIZE));
    for (int i = 0; i < requests; i++) {
      expectSimple(in, NbdWire.OK, i);
    }
    byte[] content = new byte[SIZE];
    if (structured) {
      readChunks(in, content, 1000);
    } else {
      expectSimple(in, NbdWire.OK, 1000);
      in.get(content);
      expectSimple(in, NbdWire.OK, 1001);
    }
    assertThat(Arrays.equals(content, model)).as("seed %d", seed).isTrue();
  }

  private static void readChunks(ByteBuffer in, byte[] content, long cookie) {
    boolean done = false;
    while (!done) {
      assertThat(in.getInt()).isEqualTo(NbdWire.STRUCTURED_REPLY_MAGIC);
      done = in.getShort() == NbdWire.CHUNK_DONE;
      assertThat(in.getShort()).isEqualTo((short) NbdWire.CHUNK_OFFSET_DATA);
      assertThat(in.getLong()).isEqualTo(cookie);
      int length = in.getInt() - 8;
      in.get(content, (int) in.getLong(), length);
    }
    assertThat(in.getInt()).isEqualTo(NbdWire.STRUCTURED_REPLY_MAGIC);
    assertThat(in.getInt()).isEqualTo(NbdWire.CHUNK_DONE << 16);
    assertThat(in.getLong()).isEqualTo(cookie + 1);
    assertThat(in.getInt()).isZero();
    assertThat(in.hasRemaining()).isFalse();
  }

  @Test
  void aStructuredReadThatIsRefusedAnswersAnErrorChunk() throws IOException {
    ByteBuffer in =
        answers(structured().request(0, NbdWire.CMD_READ, 5, SIZE, 1), NbdSession.volume(SIZE));
    assertThat(in.getInt()).isEqualTo(NbdWire.STRUCTURED_REPLY_MAGIC);
    assertThat(in.getShort()).isEqualTo((short) NbdWire.CHUNK_DONE);
    assertThat(in.getShort()).isEqualTo((short) NbdWire.CHUNK_ERROR);
    assertThat(in.getLong()).isEqualTo(5);
    assertThat(in.getInt()).isEqualTo(6);
    assertThat(in.getInt()).isEqualTo(NbdWire.ERR_INVAL);
    assertThat(in.getShort()).isZero();
  }

  @Test
  void aClientThatBreaksTheProtocolIsHungUpOn() {
    byte[] noMagic = plain().raw(new byte[28]).bytes();
    byte[] tooLong = plain().request(0, NbdWire.CMD_WRITE, 1, 0, (32 << 20) + 1).bytes();
    for (byte[] said : new byte[][] {noMagic, tooLong, new NbdSession().flags(4).bytes()}) {
      assertThatThrownBy(
              () -> NbdSession.serve(said, NbdSession.exports(NbdSession.volume(SIZE)), 1))
          .isInstanceOf(ProtocolException.class);
    }
  }

  @Test
  void noSpaceForTheLogIsToldAsNoSpace() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    disk.create().truncate(SIZE);
    SimulatedDisk.File log = disk.create();
    Volume volume = new Volume(disk.file(0), log, disk.create(), Volume.LOG_SWITCH_BYTES);
    log.sizeMax = 20_000;
    NbdSession session =
        plain()
            .request(0, NbdWire.CMD_WRITE, 1, 0, 300_000)
            .raw(new byte[300_000])
            .request(0, NbdWire.CMD_READ, 2, 0, 1);
    ByteBuffer in = answers(session, volume);
    expectSimple(in, NbdWire.ERR_NOSPC, 1);
    expectSimple(in, NbdWire.OK, 2);
  }
}
