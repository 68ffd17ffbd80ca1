#define _GNU_SOURCE  // pread
#include "CPNG.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

struct ship_png_reader {
    png_structp png;
    png_infop info;
    int fd;
    const uint8_t *bytes;
    uint64_t size, position;
    int ended, code;
    char text[SHIP_PNG_TEXT];
    uint32_t height, row, channels;
    size_t row_bytes;
    uint8_t *whole;  // all rows of an interlaced picture
    int interlaced;
    uint64_t memory;
};

static void failed(png_structp png, png_const_charp message) {
    ship_png_reader *r = png_get_error_ptr(png);
    snprintf(r->text, sizeof r->text, "%s", message);
    png_longjmp(png, 1);
}

static void warned(png_structp png, png_const_charp message) { (void)png, (void)message; }

static void read_data(png_structp png, png_bytep out, size_t count) {
    ship_png_reader *r = png_get_io_ptr(png);
    if (r->bytes) {
        if (count > r->size - r->position) {
            r->ended = 1;
            png_error(png, "the file ends too early");
        }
        memcpy(out, r->bytes + r->position, count);
        r->position += count;
        return;
    }
    while (count > 0) {
        ssize_t got = pread(r->fd, out, count, (off_t)r->position);
        if (got <= 0) {
            r->ended = 1;
            png_error(png, "the file ends too early");
        }
        r->position += (uint64_t)got;
        out += got;
        count -= (size_t)got;
    }
}

static int report(ship_png_reader *r, char *text) {
    snprintf(text, SHIP_PNG_TEXT, "%s", r->text);
    return r->ended ? SHIP_PNG_TRUNCATED : r->code ? r->code : SHIP_PNG_DAMAGED;
}

ship_png_reader *ship_png_open(
    int fd, const uint8_t *bytes, uint64_t size, uint64_t memory, uint32_t max_side, uint32_t packed, ship_png_info *out, int *code,
    char *text
) {
    ship_png_reader *r = calloc(1, sizeof *r);
    if (r) r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r, failed, warned);
    if (r && r->png) r->info = png_create_info_struct(r->png);
    if (!r || !r->png || !r->info) {
        if (r && r->png) png_destroy_read_struct(&r->png, NULL, NULL);
        free(r);
        *code = SHIP_PNG_MEMORY;
        snprintf(text, SHIP_PNG_TEXT, "out of memory");
        return NULL;
    }
    r->fd = fd;
    r->bytes = bytes;
    r->size = size;
    r->memory = memory;
    if (setjmp(png_jmpbuf(r->png))) {
        *code = report(r, text);
        ship_png_close(r);
        return NULL;
    }
    png_structp png = r->png;
    png_set_read_fn(png, r, read_data);
    png_set_user_limits(png, max_side, max_side);
    png_set_chunk_cache_max(png, 100);
    png_set_chunk_malloc_max(png, 8u << 20);
    png_read_info(png, r->info);
    uint32_t type = png_get_color_type(png, r->info), bits = png_get_bit_depth(png, r->info);
    out->width = png_get_image_width(png, r->info);
    out->height = r->height = png_get_image_height(png, r->info);
    out->stored_bits = bits;
    out->stored_channels = png_get_channels(png, r->info);
    out->palette = type == PNG_COLOR_TYPE_PALETTE;
    r->interlaced = png_get_interlace_type(png, r->info) != PNG_INTERLACE_NONE;
    out->interlaced = (uint32_t)r->interlaced;
    png_uint_32 x = 0, y = 0;
    int unit = 0;
    if (png_get_pHYs(png, r->info, &x, &y, &unit) == 0) x = y = 0;
    out->x_per_unit = x;
    out->y_per_unit = y;
    out->unit_is_metre = unit == PNG_RESOLUTION_METER;
    if (packed) {
        if (bits != 1) png_error(png, "the picture is not 1 bit a pixel");
    } else {
        png_set_expand(png);  // palette to colour, 1, 2, 4 bits to 8, tRNS to alpha
        if (bits == 16) png_set_swap(png);
        png_set_bgr(png);
    }
    if (r->interlaced) png_set_interlace_handling(png);
    png_read_update_info(png, r->info);
    out->channels = r->channels = png_get_channels(png, r->info);
    out->bits = png_get_bit_depth(png, r->info);
    r->row_bytes = png_get_rowbytes(png, r->info);
    *code = SHIP_PNG_OK;
    return r;
}

static void read_whole(ship_png_reader *r) {
    if (r->row_bytes == 0 || r->height > r->memory / r->row_bytes) {
        r->code = SHIP_PNG_MEMORY;
        png_error(r->png, "the picture is interlaced and would be held whole");
    }
    r->whole = malloc(r->row_bytes * r->height);
    if (!r->whole) {
        r->code = SHIP_PNG_MEMORY;
        png_error(r->png, "out of memory");
    }
    // libpng leaves pixels of later passes alone, and merges bit depths below 8 with what is there.
    memset(r->whole, 0, r->row_bytes * r->height);
    for (int pass = 0; pass < 7; pass++)
        for (uint32_t y = 0; y < r->height; y++) png_read_row(r->png, r->whole + (size_t)y * r->row_bytes, NULL);
}

int ship_png_read(ship_png_reader *r, uint8_t *out, size_t stride, uint32_t count, char *text) {
    if (setjmp(png_jmpbuf(r->png))) return report(r, text);
    if (count > r->height - r->row) png_error(r->png, "no more rows");
    if (r->interlaced && !r->whole) read_whole(r);
    for (uint32_t i = 0; i < count; i++, r->row++, out += stride) {
        if (r->whole) memcpy(out, r->whole + (size_t)r->row * r->row_bytes, r->row_bytes);
        else png_read_row(r->png, out, NULL);
    }
    return SHIP_PNG_OK;
}

uint32_t ship_png_text_count(ship_png_reader *r) {
    png_textp text = NULL;
    int count = 0;
    png_get_text(r->png, r->info, &text, &count);
    return count < 0 ? 0 : (uint32_t)count;
}

void ship_png_text(ship_png_reader *r, uint32_t index, const char **key, const char **value, size_t *size) {
    png_textp text = NULL;
    int count = 0;
    png_get_text(r->png, r->info, &text, &count);
    *key = *value = NULL;
    *size = 0;
    if (!text || index >= (uint32_t)count) return;
    *key = text[index].key;
    *value = text[index].text;
    *size = text[index].compression > 0 ? text[index].itxt_length : text[index].text_length;
}

uint32_t ship_png_palette(ship_png_reader *r, uint32_t index) {
    png_colorp colours = NULL;
    int count = 0, alphas = 0;
    png_bytep alpha = NULL;
    png_get_PLTE(r->png, r->info, &colours, &count);
    png_get_tRNS(r->png, r->info, &alpha, &alphas, NULL);
    if (!colours || index >= (uint32_t)count) return 0xFF000000u;
    uint32_t a = alpha && index < (uint32_t)alphas ? alpha[index] : 255;
    return a << 24 | (uint32_t)colours[index].red << 16 | (uint32_t)colours[index].green << 8 | colours[index].blue;
}

void ship_png_close(ship_png_reader *r) {
    png_destroy_read_struct(&r->png, &r->info, NULL);
    free(r->whole);
    free(r);
}

// ---------------------------------------------------------------- writing

typedef struct {
    uint8_t *bytes;
    size_t size, capacity;
    char text[SHIP_PNG_TEXT];
} sink;

static void write_failed(png_structp png, png_const_charp message) {
    sink *s = png_get_error_ptr(png);
    snprintf(s->text, sizeof s->text, "%s", message);
    png_longjmp(png, 1);
}

static void write_data(png_structp png, png_bytep data, size_t count) {
    sink *s = png_get_io_ptr(png);
    if (count > s->capacity - s->size) {
        size_t capacity = s->capacity * 2 > s->size + count ? s->capacity * 2 : s->size + count + 4096;
        uint8_t *bytes = realloc(s->bytes, capacity);
        if (!bytes) png_error(png, "out of memory");
        s->bytes = bytes;
        s->capacity = capacity;
    }
    memcpy(s->bytes + s->size, data, count);
    s->size += count;
}

static void flush_data(png_structp png) { (void)png; }

int ship_png_encode(
    const uint8_t *rows, size_t stride, uint32_t width, uint32_t height, uint32_t channels, uint32_t bits, int level,
    uint32_t per_metre, uint8_t **bytes, size_t *size, char *text
) {
    sink *s = calloc(1, sizeof *s);  // on the heap: it must survive longjmp unchanged
    png_structp png = s ? png_create_write_struct(PNG_LIBPNG_VER_STRING, s, write_failed, warned) : NULL;
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        if (png) png_destroy_write_struct(&png, NULL);
        free(s);
        snprintf(text, SHIP_PNG_TEXT, "out of memory");
        return SHIP_PNG_MEMORY;
    }
    if (setjmp(png_jmpbuf(png))) {
        snprintf(text, SHIP_PNG_TEXT, "%s", s->text);
        png_destroy_write_struct(&png, &info);
        free(s->bytes);
        free(s);
        return SHIP_PNG_DAMAGED;
    }
    png_set_write_fn(png, s, write_data, flush_data);
    png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
    png_set_IHDR(
        png, info, width, height, (int)bits, channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, level);
    // Up and Sub cost little; Average and Paeth double the time for a few per cent of size.
    png_set_filter(png, 0, bits == 1 ? PNG_FILTER_NONE : PNG_FILTER_NONE | PNG_FILTER_SUB | PNG_FILTER_UP);
    if (per_metre) png_set_pHYs(png, info, per_metre, per_metre, PNG_RESOLUTION_METER);
    png_write_info(png, info);
    if (bits == 16) png_set_swap(png);
    if (channels == 3) png_set_bgr(png);
    for (uint32_t y = 0; y < height; y++) png_write_row(png, rows + (size_t)y * stride);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    *bytes = s->bytes;
    *size = s->size;
    free(s);
    return SHIP_PNG_OK;
}

void ship_png_free(uint8_t *bytes) { free(bytes); }

// ---------------------------------------------------------------- checksums

uint32_t ship_crc32(const uint8_t *bytes, size_t size) { return (uint32_t)crc32_z(0, bytes, size); }

// zlib's adler32 is not vectorised and would cost more than encoding a mask does. Here sixteen lanes of 16 bits take 256 bytes at
// a time: `sum` of the lane's bytes and `later`, which holds each byte as often as bytes of its lane follow.
uint32_t ship_adler32(const uint8_t *bytes, size_t size) {
    uint64_t a = 1, b = 0;
    while (size >= 256) {
        uint16_t sum[16] = {0}, later[16] = {0};
        for (int k = 0; k < 16; k++)
            for (int j = 0; j < 16; j++) {
                later[j] = (uint16_t)(later[j] + sum[j]);
                sum[j] = (uint16_t)(sum[j] + bytes[16 * k + j]);
            }
        uint32_t total = 0, weighted = 0;
        for (uint32_t j = 0; j < 16; j++) {
            total += sum[j];
            weighted += 16u * later[j] + (16u - j) * sum[j];
        }
        b = (b + 256 * a + weighted) % 65521;
        a = (a + total) % 65521;
        bytes += 256;
        size -= 256;
    }
    for (; size > 0; size--) {
        a += *bytes++;
        b += a;
    }
    return (uint32_t)(b % 65521 << 16 | a % 65521);
}
