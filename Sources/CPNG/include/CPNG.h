// PNG through libpng. Every call catches libpng's longjmp inside its own C frame and answers with a code and a text.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SHIP_PNG_TEXT 256

enum { SHIP_PNG_OK = 0, SHIP_PNG_TRUNCATED = 1, SHIP_PNG_DAMAGED = 2, SHIP_PNG_MEMORY = 4 };

typedef struct {
    uint32_t width, height;
    uint32_t stored_bits, stored_channels;  // as in the file, palette = 1 channel
    uint32_t palette;                       // 1: colours come from a palette
    uint32_t interlaced;
    // What rows hold: 1 gray, 2 gray alpha, 3 blue green red, 4 blue green red alpha, 8 or 16 bits (native order) a sample.
    uint32_t channels, bits;
    uint32_t x_per_unit, y_per_unit, unit_is_metre;  // 0: not given
} ship_png_info;

typedef struct ship_png_reader ship_png_reader;

/// Reads all before the pixels. `bytes` (kept by the caller until close) or, when null, the descriptor `fd`, read by pread.
/// `memory` bounds what an interlaced picture, which must be held whole, may take. On failure: null, `code` and `text`.
/// `packed` 1 leaves 1-bit rows as they are (8 pixels a byte, palette indices); other kinds are then refused. 2 leaves samples of every
/// kind as stored: palette indices, several to a byte below 8 bits.
ship_png_reader *_Nullable ship_png_open(
    int fd, const uint8_t *_Nullable bytes, uint64_t size, uint64_t memory, uint32_t max_side, uint32_t packed,
    ship_png_info *_Nonnull info, int *_Nonnull code, char *_Nonnull text);
/// Decodes the next `count` rows, `stride` bytes apart.
int ship_png_read(ship_png_reader *_Nonnull reader, uint8_t *_Nonnull out, size_t stride, uint32_t count, char *_Nonnull text);
/// Palette entry as 0xAARRGGBB; 0xFF000000 past the end.
uint32_t ship_png_palette(ship_png_reader *_Nonnull reader, uint32_t index);
void ship_png_close(ship_png_reader *_Nonnull reader);

typedef struct ship_png_writer ship_png_writer;

/// Begins a file: written to the descriptor `fd` as rows come, or collected in memory when `fd` is -1. `channels` 1 gray or
/// 3 blue green red; 1, 8 or 16 bits (1 bit: eight pixels a byte, 1 = white). On failure: null and `text`.
ship_png_writer *_Nullable ship_png_writer_create(
    int fd, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits, int level, char *_Nonnull text);
/// A chunk of four letters before the pixels.
int ship_png_writer_chunk(
    ship_png_writer *_Nonnull writer, const char *_Nonnull name, const uint8_t *_Nonnull data, size_t size, char *_Nonnull text);
int ship_png_writer_rows(
    ship_png_writer *_Nonnull writer, const uint8_t *_Nonnull rows, size_t stride, uint32_t count, char *_Nonnull text);
/// Ends the file. `bytes` and `size`: the file when it was collected in memory, which lives until destroy.
int ship_png_writer_finish(
    ship_png_writer *_Nonnull writer, const uint8_t *_Nullable *_Nonnull bytes, size_t *_Nonnull size, char *_Nonnull text);
void ship_png_writer_destroy(ship_png_writer *_Nonnull writer);

/// A whole file of 8 bits a sample at once, `channels` 1 gray or 3 blue green red, rows without gaps: five times as fast as by rows.
/// `level` 1 to 12. Null when memory does not suffice or the file would be too large for one chunk; else to be freed by `free`.
uint8_t *_Nullable ship_png_encode8(
    const uint8_t *_Nonnull pixels, uint32_t width, uint32_t height, uint32_t channels, int level, size_t *_Nonnull size);

// Inflates a whole zlib stream; 1 when it held exactly out_size bytes and its checksum is right.
int ship_inflate_whole(const uint8_t *_Nonnull data, size_t size, uint8_t *_Nonnull out, size_t out_size);

/// Checksums of PNG chunks and of zlib streams.
uint32_t ship_crc32(const uint8_t *_Nonnull bytes, size_t size);
uint32_t ship_adler32(const uint8_t *_Nonnull bytes, size_t size);
