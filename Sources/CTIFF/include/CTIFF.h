// TIFF through libtiff, which answers with codes. Messages go to the handle they belong to, never to a global handler.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SHIP_TIFF_TEXT 256

enum { SHIP_TIFF_OK = 0, SHIP_TIFF_TRUNCATED = 1, SHIP_TIFF_DAMAGED = 2, SHIP_TIFF_MEMORY = 4, SHIP_TIFF_NO_PAGE = 5 };

typedef struct {
    uint32_t width, height, pages;
    uint16_t bits, samples, sample_format;   // sample format: 1 unsigned, 2 signed, 3 floating point …
    uint16_t photometric, compression;       // numbers of the TIFF specification
    uint16_t planar;                         // 1 contiguous, 2 separate planes
    uint16_t extra_samples, first_extra;     // first_extra: 0 unspecified, 1 associated alpha, 2 unassociated alpha
    uint16_t ink_set, orientation, resolution_unit;  // unit: 1 none, 2 inch, 3 centimetre
    float x_resolution, y_resolution;        // 0: not given
    uint32_t tiled, tile_width, tile_height, rows_per_strip;
    uint32_t rgba_only;                      // 1: only ship_tiff_rgba gives its pixels
    uint64_t row_bytes;                      // one row of one plane (planar 2) or of all samples
    uint64_t tile_bytes, tile_row_bytes;
} ship_tiff_info;

typedef struct ship_tiff_reader ship_tiff_reader;

/// Reads one page's header. `bytes` (kept by the caller until close) or, when null, the descriptor `fd`, read by pread.
/// `memory` bounds a single allocation of libtiff. On failure: null, `code` and `text`.
ship_tiff_reader *_Nullable ship_tiff_open(
    int fd, const uint8_t *_Nullable bytes, uint64_t size, uint64_t memory, uint32_t page, ship_tiff_info *_Nonnull info,
    int *_Nonnull code, char *_Nonnull text);
/// One row of a striped page; rows of a plane must be asked for in order.
int ship_tiff_row(ship_tiff_reader *_Nonnull reader, uint8_t *_Nonnull out, uint32_t y, uint16_t plane, char *_Nonnull text);
/// The tile that holds (x, y).
int ship_tiff_tile(
    ship_tiff_reader *_Nonnull reader, uint8_t *_Nonnull out, uint64_t size, uint32_t x, uint32_t y, uint16_t plane, char *_Nonnull text);
/// `count` rows from `y` as 0xAABBGGRR pixels, in stored orientation.
int ship_tiff_rgba(ship_tiff_reader *_Nonnull reader, uint32_t *_Nonnull out, uint32_t y, uint32_t count, char *_Nonnull text);
/// Colour map of 2^bits entries, 16 bits a colour. 0: there is none.
int ship_tiff_palette(
    ship_tiff_reader *_Nonnull reader, const uint16_t *_Nullable *_Nonnull red, const uint16_t *_Nullable *_Nonnull green,
    const uint16_t *_Nullable *_Nonnull blue);
void ship_tiff_close(ship_tiff_reader *_Nonnull reader);

typedef struct {
    uint32_t width, height;
    uint32_t channels, bits;       // 1 gray or 3 blue green red; 1 (gray only, eight pixels a byte, 1 = white), 8 or 16 bits
    uint32_t compression;          // 1 none, 5 LZW, 8 Deflate
    uint32_t orientation;          // 1 to 8
    uint32_t resolution_unit;      // 0 not given, 2 inch, 3 centimetre
    double x_resolution, y_resolution;
} ship_tiff_picture;

typedef struct ship_tiff_writer ship_tiff_writer;

/// Begins a file: written to the descriptor `fd`, which must be readable too, as rows come, or collected in memory when `fd`
/// is -1. BigTIFF above 3.5 GB of pixels. Then, in this order: folders, tags of the picture, start, rows, finish.
ship_tiff_writer *_Nullable ship_tiff_writer_create(int fd, const ship_tiff_picture *_Nonnull picture, char *_Nonnull text);
/// Tags up to `folder_end` go to the EXIF (`gps` 0) or GPS (1) directory.
int ship_tiff_writer_folder(ship_tiff_writer *_Nonnull writer, int gps, char *_Nonnull text);
int ship_tiff_writer_folder_end(ship_tiff_writer *_Nonnull writer, int gps, char *_Nonnull text);
void ship_tiff_writer_text(ship_tiff_writer *_Nonnull writer, uint32_t tag, const char *_Nonnull value);
void ship_tiff_writer_numbers(ship_tiff_writer *_Nonnull writer, uint32_t tag, const double *_Nonnull values, uint32_t count);
void ship_tiff_writer_xmp(ship_tiff_writer *_Nonnull writer, const uint8_t *_Nonnull bytes, uint32_t size);
int ship_tiff_writer_start(ship_tiff_writer *_Nonnull writer, char *_Nonnull text);
int ship_tiff_writer_rows(
    ship_tiff_writer *_Nonnull writer, const uint8_t *_Nonnull rows, size_t stride, uint32_t count, char *_Nonnull text);
/// Ends the file. `bytes` and `size`: the file when it was collected in memory, which lives until destroy.
int ship_tiff_writer_finish(
    ship_tiff_writer *_Nonnull writer, const uint8_t *_Nullable *_Nonnull bytes, size_t *_Nonnull size, char *_Nonnull text);
void ship_tiff_writer_destroy(ship_tiff_writer *_Nonnull writer);
