package io.tardigrade.image;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an ELF file asks of the dynamic linker. Any bytes may be given; every offset is checked.
 *
 * <pre>
 *   0   7f 45 4c 46 | class u8 (2: 64 bit) | data u8 (1: little endian) | …   e_ident, 16 bytes
 *   18  e_machine u16 (62: x86-64)
 *   32  e_phoff u64   54  e_phentsize u16 (56)   56  e_phnum u16
 *
 *   program header, 56 bytes:  0 p_type u32 | 8 p_offset u64 | 16 p_vaddr u64 | 32 p_filesz u64
 *     PT_LOAD 1, PT_DYNAMIC 2, PT_INTERP 3 (a path ending in NUL)
 *   dynamic entry, 16 bytes:   0 d_tag u64 | 8 d_val u64
 *     DT_NULL 0, DT_NEEDED 1, DT_STRTAB 5 (an address), DT_SONAME 14, DT_RPATH 15, DT_RUNPATH 29;
 *     the other values are offsets into the string table
 * </pre>
 *
 * Source: System V ABI, chapters 4 and 5, and its x86-64 supplement.
 *
 * @param interpreter the dynamic linker it names, or null when it names none (static, or a library)
 * @param needed names of the libraries it needs, in its order
 * @param rpath folders of DT_RPATH, empty when there is a DT_RUNPATH
 * @param runpath folders of DT_RUNPATH
 */
record ElfFile(
    @Nullable String interpreter, List<String> needed, List<String> rpath, List<String> runpath) {
  private static final int MAGIC = 0x464c457f;
  private static final int STRING_BYTES_MAX = 4096;
  private static final int NEEDED_MAX = 4096;
  private static final int DYNAMIC_ENTRIES_MAX = 1 << 16;
  private static final int HEADER_BYTES = 64;
  private static final int PROGRAM_HEADER_BYTES = 56;

  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  ElfFile {
    needed = List.copyOf(needed);
    rpath = List.copyOf(rpath);
    runpath = List.copyOf(runpath);
  }

  /**
   * Reads {@code file}, or returns null when it does not begin as an ELF file.
   *
   * @throws ImageException when it begins as one but is broken or not for x86-64
   */
  static @Nullable ElfFile readIfElf(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      if (size < 4) {
        return null;
      }
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      return bytes.get(U32, 0) == MAGIC ? parse(bytes, file.toString()) : null;
    }
  }

  /** Parses {@code bytes}; {@code what} names them in errors. */
  static ElfFile parse(MemorySegment bytes, String what) throws ImageException {
    return new Parser(bytes, what).parse();
  }

  private static final class Parser {
    private final MemorySegment bytes;
    private final String what;
    private final List<Segment> loads = new ArrayList<>();
    private final List<Long> neededOffsets = new ArrayList<>();
    private @Nullable String interpreter;
    private @Nullable Segment dynamic;
    private long stringsAddress = -1;
    private long rpathOffset = -1;
    private long runpathOffset = -1;

    private record Segment(long offset, long address, long fileBytes) {}

    Parser(MemorySegment bytes, String what) {
      this.bytes = bytes;
      this.what = what;
    }

    ElfFile parse() throws ImageException {
      if (!within(0, HEADER_BYTES) || bytes.get(U32, 0) != MAGIC) {
        throw broken("it has no ELF header");
      }
      if (u8(4) != 2 || u8(5) != 1 || u16(18) != 62) {
        throw new ImageException(
            what + " is not a 64-bit x86 program or library; guests run these");
      }
      readSegments();
      readDynamic();
      List<String> needed = new ArrayList<>();
      for (long offset : neededOffsets) {
        needed.add(string(offset));
      }
      List<String> runpath = folders(runpathOffset);
      List<String> rpath = runpathOffset >= 0 ? List.of() : folders(rpathOffset);
      return new ElfFile(interpreter, needed, rpath, runpath);
    }

    private void readSegments() throws ImageException {
      long table = u64(32);
      int count = u16(56);
      if (count > 0 && u16(54) != PROGRAM_HEADER_BYTES) {
        throw broken("its program headers have an unknown size");
      }
      if (!within(table, (long) count * PROGRAM_HEADER_BYTES)) {
        throw broken("its program headers lie outside the file");
      }
      for (int i = 0; i < count; i++) {
        long at = table + (long) i * PROGRAM_HEADER_BYTES;
        Segment segment = new Segment(u64(at + 8), u64(at + 16), u64(at + 32));
        switch ((int) u32(at)) {
          case 1 -> loads.add(segment);
          case 2 -> dynamic = segment;
          case 3 -> interpreter = path(segment);
          default -> {}
        }
      }
    }

    private String path(Segment segment) throws ImageException {
      if (!within(segment.offset, segment.fileBytes)) {
        throw broken("its interpreter's name lies outside the file");
      }
      String path = terminated(segment.offset, segment.offset + segment.fileBytes);
      if (!path.startsWith("/")) {
        throw broken("its interpreter is not an absolute path");
      }
      return path;
    }

    private void readDynamic() throws ImageException {
      if (dynamic == null) {
        return;
      }
      if (!within(dynamic.offset, dynamic.fileBytes)) {
        throw broken("its dynamic section lies outside the file");
      }
      long entries = Math.min(dynamic.fileBytes / 16, DYNAMIC_ENTRIES_MAX);
      for (long i = 0; i < entries; i++) {
        long at = dynamic.offset + i * 16;
        long tag = u64(at);
        if (tag == 0) {
          break;
        }
        take(tag, u64(at + 8));
      }
    }

    private void take(long tag, long value) throws ImageException {
      if (tag == 1) {
        neededOffsets.add(value);
        if (neededOffsets.size() > NEEDED_MAX) {
          throw broken("it needs more than " + NEEDED_MAX + " libraries");
        }
      } else if (tag == 5) {
        stringsAddress = value;
      } else if (tag == 15) {
        rpathOffset = value;
      } else if (tag == 29) {
        runpathOffset = value;
      }
    }

    private List<String> folders(long offset) throws ImageException {
      if (offset < 0) {
        return List.of();
      }
      return List.of(string(offset).split(":", -1)).stream().filter(s -> !s.isEmpty()).toList();
    }

    private String string(long offset) throws ImageException {
      for (Segment load : loads) {
        long inside = stringsAddress - load.address;
        if (inside >= 0 && inside < load.fileBytes && within(load.offset, load.fileBytes)) {
          long left = load.fileBytes - inside;
          if (offset < 0 || offset >= left) {
            throw broken("a name lies outside its string table");
          }
          long start = load.offset + inside + offset;
          return terminated(start, load.offset + load.fileBytes);
        }
      }
      throw broken("it has no string table");
    }

    private String terminated(long start, long end) throws ImageException {
      long last = Math.min(end, start + STRING_BYTES_MAX);
      long at = start;
      while (at < last && u8(at) != 0) {
        at++;
      }
      if (at == last || at == start) {
        throw broken("a name in it is empty or does not end");
      }
      byte[] name = bytes.asSlice(start, at - start).toArray(ValueLayout.JAVA_BYTE);
      return new String(name, StandardCharsets.UTF_8);
    }

    /** Whether the file holds {@code length} bytes at {@code offset}; safe against overflow. */
    private boolean within(long offset, long length) {
      long size = bytes.byteSize();
      return offset >= 0 && length >= 0 && offset <= size && length <= size - offset;
    }

    private int u8(long at) {
      return bytes.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }

    private int u16(long at) {
      return bytes.get(U16, at) & 0xffff;
    }

    private long u32(long at) {
      return bytes.get(U32, at) & 0xffff_ffffL;
    }

    private long u64(long at) {
      return bytes.get(U64, at);
    }

    private ImageException broken(String why) {
      return new ImageException(what + " is a broken ELF file: " + why);
    }
  }
}
