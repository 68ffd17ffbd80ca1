// JPEG through libjpeg-turbo. Every call catches libjpeg's longjmp inside its own C frame and answers with a code and a text.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SHIP_JPEG_TEXT 256

enum {
    SHIP_JPEG_OK = 0,
    SHIP_JPEG_TRUNCATED = 1,    // the file ends before the picture does
    SHIP_JPEG_DAMAGED = 2,      // the data contradict themselves
    SHIP_JPEG_UNSUPPORTED = 3,  // a kind of JPEG that libjpeg does not decode
    SHIP_JPEG_MEMORY = 4,       // more working memory than allowed
    SHIP_JPEG_RANGE = 5,        // coefficients that baseline JPEG cannot hold
};

typedef struct {
    uint32_t width, height;         // after scaling
    uint32_t source_components;     // 1, 3 or 4
    uint32_t components;            // what rows hold: 1 gray, 3 blue green red, 4 cyan magenta yellow black
    uint32_t inverted_cmyk;         // 1: 4 components are stored as Adobe does, 255 = no ink
    uint32_t progressive;           // 1: the whole picture is held as coefficients
    uint32_t density_unit;          // 0 none, 1 per inch, 2 per centimetre
    uint32_t x_density, y_density;  // 0: not given
} ship_jpeg_info;

typedef struct ship_jpeg_reader ship_jpeg_reader;

/// Reads the header. `bytes` (kept by the caller until close) or, when null, the descriptor `fd`, read by pread.
/// `scale` 1, 2, 4 or 8 divides the size. `memory` bounds libjpeg's own buffers. On failure: null, `code` and `text`.
ship_jpeg_reader *_Nullable ship_jpeg_open(
    int fd, const uint8_t *_Nullable bytes, uint64_t size, uint64_t memory, uint32_t scale, ship_jpeg_info *_Nonnull info,
    int *_Nonnull code, char *_Nonnull text);
/// Decodes the next `count` rows, `stride` bytes apart.
int ship_jpeg_read(ship_jpeg_reader *_Nonnull reader, uint8_t *_Nonnull out, size_t stride, uint32_t count, char *_Nonnull text);
/// How the planes of a picture lie: 1 plane (gray) or 3 (luma and two of chroma), chroma divided by `across` and `down`.
typedef struct {
    uint32_t planes, across, down;
    uint16_t quantization[3][64];  // in natural order
} ship_jpeg_layout;

/// Rows of planes, and blocks of 64 quantized coefficients in natural order; strides in bytes and in blocks, 0 repeats one row.
typedef struct {
    uint8_t *_Nullable plane[3];
    size_t stride[3];
    int16_t *_Nullable blocks[3];  // all null: coefficients are not asked for
    size_t block_stride[3];
} ship_jpeg_planes;

/// Begins to read planes instead of rows, at scale 1. Answers SHIP_JPEG_UNSUPPORTED for pictures whose planes another kind of file
/// could not take over: other colours than gray and YCbCr, other chroma than full or halved.
int ship_jpeg_start_planes(ship_jpeg_reader *_Nonnull reader, ship_jpeg_layout *_Nonnull layout, char *_Nonnull text);
/// Decodes 8 · `down` rows into planes that have room for whole blocks. With `blocks`, also the coefficients; SHIP_JPEG_RANGE when one
/// is larger than a picture of 8 bits can have, so that no baseline encoder would take it.
int ship_jpeg_read_planes(ship_jpeg_reader *_Nonnull reader, const ship_jpeg_planes *_Nonnull planes, char *_Nonnull text);
/// Passes over the next `count` rows.
int ship_jpeg_skip(ship_jpeg_reader *_Nonnull reader, uint32_t count, char *_Nonnull text);
void ship_jpeg_close(ship_jpeg_reader *_Nonnull reader);

typedef struct ship_jpeg_encoder ship_jpeg_encoder;

/// An encoder is used for any number of pictures, one after the other; its buffers stay.
ship_jpeg_encoder *_Nullable ship_jpeg_encoder_create(void);
typedef struct {
    uint32_t width, height;
    uint32_t channels;                            // 1 gray or 3 blue green red
    uint32_t quality, full_chroma;                // chroma is halved both ways unless `full_chroma`
    uint32_t density_unit, x_density, y_density;  // unit 0 none, 1 per inch, 2 per centimetre
} ship_jpeg_picture;

/// Begins a file: written to the descriptor `fd` as rows come, or collected in memory when `fd` is -1.
int ship_jpeg_encoder_start(ship_jpeg_encoder *_Nonnull encoder, int fd, const ship_jpeg_picture *_Nonnull picture, char *_Nonnull text);
/// A marker with at most 65,533 bytes, between start and the first rows.
int ship_jpeg_encoder_marker(
    ship_jpeg_encoder *_Nonnull encoder, int marker, const uint8_t *_Nonnull bytes, uint32_t size, char *_Nonnull text);
/// Next `count` rows; a `stride` of 0 repeats one row.
int ship_jpeg_encoder_rows(
    ship_jpeg_encoder *_Nonnull encoder, const uint8_t *_Nonnull rows, size_t stride, uint32_t count, char *_Nonnull text);
/// Begins a file in memory that is given planes. `quality` 0: it is given coefficients, quantized as `layout` says.
int ship_jpeg_encoder_start_planes(
    ship_jpeg_encoder *_Nonnull encoder, uint32_t width, uint32_t height, uint32_t quality, const ship_jpeg_layout *_Nonnull layout,
    char *_Nonnull text);
/// Next 8 · `down` rows of planes, or of blocks where the file was begun so; below the picture's end rows just have to be there.
int ship_jpeg_encoder_planes(ship_jpeg_encoder *_Nonnull encoder, const ship_jpeg_planes *_Nonnull planes, char *_Nonnull text);
/// Ends the file. `bytes` and `size`: the file when it was collected in memory; it belongs to the encoder and holds until the next start.
int ship_jpeg_encoder_finish(
    ship_jpeg_encoder *_Nonnull encoder, const uint8_t *_Nullable *_Nonnull bytes, size_t *_Nonnull size, char *_Nonnull text);
void ship_jpeg_encoder_destroy(ship_jpeg_encoder *_Nonnull encoder);
