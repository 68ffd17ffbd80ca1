#define _GNU_SOURCE  // pread
#include "CJPEG.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>
#include <jpegint.h>
#include <jerror.h>

enum { INPUT_BYTES = 1 << 16, MAX_SCANS = 300 };

// Shared by reader and encoder: libjpeg's error object first, so that its pointer is ours.
typedef struct {
    struct jpeg_error_mgr base;
    jmp_buf escape;
    int code;
    char text[JMSG_LENGTH_MAX];
} failure;

static int code_of(int message) {
    switch (message) {
    case JERR_OUT_OF_MEMORY: case JERR_NO_BACKING_STORE: case JERR_TFILE_CREATE: case JERR_WIDTH_OVERFLOW: return SHIP_JPEG_MEMORY;
    case JERR_SOF_UNSUPPORTED: case JERR_BAD_PRECISION: case JERR_CONVERSION_NOTIMPL: case JERR_NOT_COMPILED: case JERR_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL: case JERR_CCIR601_NOTIMPL: case JERR_COMPONENT_COUNT: case JERR_ARITH_NOTIMPL: case JERR_EMPTY_IMAGE:
        return SHIP_JPEG_UNSUPPORTED;
    default: return SHIP_JPEG_DAMAGED;
    }
}

static void error_exit(j_common_ptr common) {
    failure *f = (failure *)common->err;
    f->base.format_message(common, f->text);
    f->code = code_of(f->base.msg_code);
    longjmp(f->escape, 1);
}

static void output_message(j_common_ptr common) { (void)common; }

// ---------------------------------------------------------------- reading

struct ship_jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    failure failure;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    int fd;
    const uint8_t *bytes;
    uint64_t size, position;
    int ended;    // the source ran dry and a made-up end marker was handed out
    int started;
    // While planes are read with their coefficients: where these go, and libjpeg's own way to turn them into samples.
    const ship_jpeg_planes *target;
    JSAMPARRAY rows[3];
    inverse_DCT_method_ptr to_samples[3];
    int out_of_range;
    JOCTET buffer[INPUT_BYTES];
};

// Lost pixels are errors, whatever stands in their place; other oddities pass.
static void emit_message(j_common_ptr common, int level) {
    failure *f = (failure *)common->err;
    if (level >= 0) return;
    ship_jpeg_reader *r = (ship_jpeg_reader *)((j_decompress_ptr)common)->client_data;
    switch (f->base.msg_code) {
    case JWRN_HIT_MARKER:
        // A short scan of a complete progressive file leaves out refinement, which some encoders do on purpose.
        if (((j_decompress_ptr)common)->progressive_mode && !r->ended) break;
        // fall through
    case JWRN_HUFF_BAD_CODE: case JWRN_ARITH_BAD_CODE: case JWRN_MUST_RESYNC: case JWRN_JPEG_EOF: case JWRN_TOO_MUCH_DATA:
        f->base.format_message(common, f->text);
        f->code = SHIP_JPEG_DAMAGED;
        longjmp(f->escape, 1);
    default: break;
    }
    f->base.num_warnings++;
}

static void init_source(j_decompress_ptr jpeg) { (void)jpeg; }
static void term_source(j_decompress_ptr jpeg) { (void)jpeg; }

static boolean fill_input(j_decompress_ptr jpeg) {
    ship_jpeg_reader *r = (ship_jpeg_reader *)jpeg->client_data;
    ssize_t got = 0;
    if (!r->bytes && !r->ended) got = pread(r->fd, r->buffer, INPUT_BYTES, (off_t)r->position);
    if (got > 0) {
        r->position += (uint64_t)got;
        r->source.next_input_byte = r->buffer;
        r->source.bytes_in_buffer = (size_t)got;
        return TRUE;
    }
    // The end marker alone may be missing without loss, so the decoder gets one; lost data then shows as JWRN_HIT_MARKER.
    // With several scans an early end would pass for a coarser picture, so there it is an error at once.
    if (r->ended || jpeg->progressive_mode || (r->started && jpeg->inputctl->has_multiple_scans)) {
        r->ended = 1;
        WARNMS(jpeg, JWRN_JPEG_EOF);
    }
    r->ended = 1;
    r->buffer[0] = 0xFF;
    r->buffer[1] = JPEG_EOI;
    r->source.next_input_byte = r->buffer;
    r->source.bytes_in_buffer = 2;
    return TRUE;
}

static void skip_input(j_decompress_ptr jpeg, long count) {
    ship_jpeg_reader *r = (ship_jpeg_reader *)jpeg->client_data;
    if (count <= 0) return;
    if ((size_t)count <= r->source.bytes_in_buffer) {
        r->source.next_input_byte += count;
        r->source.bytes_in_buffer -= (size_t)count;
        return;
    }
    if (!r->bytes) r->position += (uint64_t)count - r->source.bytes_in_buffer;
    r->source.next_input_byte = r->buffer;
    r->source.bytes_in_buffer = 0;
}

// A progressive file may hold any number of scans, each of which walks over the whole picture.
static void watch_scans(j_common_ptr common) {
    j_decompress_ptr jpeg = (j_decompress_ptr)common;
    if (jpeg->input_scan_number > MAX_SCANS) {
        failure *f = (failure *)common->err;
        snprintf(f->text, sizeof f->text, "more than %d scans", MAX_SCANS);
        f->code = SHIP_JPEG_UNSUPPORTED;
        longjmp(f->escape, 1);
    }
}

static int report(ship_jpeg_reader *r, char *text) {
    snprintf(text, SHIP_JPEG_TEXT, "%s", r->failure.text);
    return r->failure.code == SHIP_JPEG_DAMAGED && r->ended ? SHIP_JPEG_TRUNCATED : r->failure.code;
}

ship_jpeg_reader *ship_jpeg_open(
    int fd, const uint8_t *bytes, uint64_t size, uint64_t memory, uint32_t scale, ship_jpeg_info *info, int *code, char *text
) {
    ship_jpeg_reader *r = calloc(1, sizeof *r);
    if (!r) {
        *code = SHIP_JPEG_MEMORY;
        snprintf(text, SHIP_JPEG_TEXT, "out of memory");
        return NULL;
    }
    r->fd = fd;
    r->bytes = bytes;
    r->size = size;
    j_decompress_ptr jpeg = &r->jpeg;
    jpeg->err = jpeg_std_error(&r->failure.base);
    r->failure.base.error_exit = error_exit;
    r->failure.base.emit_message = emit_message;
    r->failure.base.output_message = output_message;
    if (setjmp(r->failure.escape)) {
        *code = report(r, text);
        jpeg_destroy_decompress(&r->jpeg);
        free(r);
        return NULL;
    }
    jpeg_create_decompress(jpeg);
    jpeg->client_data = r;
    jpeg->mem->max_memory_to_use = memory > (uint64_t)INT64_MAX ? INT64_MAX : (long)memory;
    r->progress.progress_monitor = watch_scans;
    jpeg->progress = &r->progress;
    r->source.init_source = init_source;
    r->source.fill_input_buffer = fill_input;
    r->source.skip_input_data = skip_input;
    r->source.resync_to_restart = jpeg_resync_to_restart;
    r->source.term_source = term_source;
    if (bytes) {
        r->source.next_input_byte = bytes;
        r->source.bytes_in_buffer = size;
    }
    jpeg->src = &r->source;
    jpeg_read_header(jpeg, TRUE);
    jpeg->scale_num = 1;
    jpeg->scale_denom = scale;
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE: jpeg->out_color_space = JCS_GRAYSCALE; break;
    case JCS_RGB: case JCS_YCbCr: jpeg->out_color_space = JCS_EXT_BGR; break;
    case JCS_CMYK: case JCS_YCCK: jpeg->out_color_space = JCS_CMYK; break;
    default:
        snprintf(r->failure.text, sizeof r->failure.text, "%d colour components", jpeg->num_components);
        r->failure.code = SHIP_JPEG_UNSUPPORTED;
        longjmp(r->failure.escape, 1);
    }
    jpeg_calc_output_dimensions(jpeg);
    info->width = jpeg->output_width;
    info->height = jpeg->output_height;
    info->source_components = (uint32_t)jpeg->num_components;
    info->components = (uint32_t)jpeg->out_color_components;
    info->inverted_cmyk = jpeg->saw_Adobe_marker ? 1 : 0;
    info->progressive = jpeg->progressive_mode ? 1 : 0;
    info->density_unit = jpeg->saw_JFIF_marker ? jpeg->density_unit : 0;
    info->x_density = jpeg->saw_JFIF_marker ? jpeg->X_density : 0;
    info->y_density = jpeg->saw_JFIF_marker ? jpeg->Y_density : 0;
    *code = SHIP_JPEG_OK;
    return r;
}

int ship_jpeg_read(ship_jpeg_reader *r, uint8_t *out, size_t stride, uint32_t count, char *text) {
    j_decompress_ptr jpeg = &r->jpeg;
    if (setjmp(r->failure.escape)) return report(r, text);
    if (!r->started) {
        r->started = 1;
        jpeg_start_decompress(jpeg);
    }
    JSAMPROW rows[16];
    while (count > 0) {
        uint32_t n = count < 16 ? count : 16;
        for (uint32_t i = 0; i < n; i++) rows[i] = out + (size_t)i * stride;
        uint32_t got = jpeg_read_scanlines(jpeg, rows, n);
        if (got == 0) {
            snprintf(text, SHIP_JPEG_TEXT, "no more rows");
            return SHIP_JPEG_DAMAGED;
        }
        out += (size_t)got * stride;
        count -= got;
    }
    return SHIP_JPEG_OK;
}

// Called by libjpeg for each block, in place of its own function: keeps the coefficients on their way.
static void keep_block(j_decompress_ptr jpeg, jpeg_component_info *component, JCOEFPTR block, JSAMPARRAY out, JDIMENSION column) {
    ship_jpeg_reader *r = (ship_jpeg_reader *)jpeg->client_data;
    int c = component->component_index;
    if (r->target->blocks[c]) {
        size_t row = (size_t)(out - r->rows[c]) / DCTSIZE;
        int16_t *to = r->target->blocks[c] + (row * r->target->block_stride[c] + column / DCTSIZE) * DCTSIZE2;
        memcpy(to, block, sizeof(JBLOCK));
        // 8 bits give -1023 … 1023, the mean of a black block -1024. A hostile file may hold 16 bits, for which encoders have no room.
        unsigned over = 0;
        for (int i = 0; i < DCTSIZE2; i++) over |= (uint16_t)(block[i] + 1023) > 2046;
        if (over) {
            over = (uint16_t)(block[0] + 1024) > 2047;
            for (int i = 1; i < DCTSIZE2; i++) over |= (uint16_t)(block[i] + 1023) > 2046;
            r->out_of_range |= (int)over;
        }
    }
    r->to_samples[c](jpeg, component, block, out, column);
}

int ship_jpeg_start_planes(ship_jpeg_reader *r, ship_jpeg_layout *layout, char *text) {
    j_decompress_ptr jpeg = &r->jpeg;
    if (setjmp(r->failure.escape)) return report(r, text);
    int is_gray = jpeg->jpeg_color_space == JCS_GRAYSCALE && jpeg->num_components == 1;
    int is_color = jpeg->jpeg_color_space == JCS_YCbCr && jpeg->num_components == 3;
    const jpeg_component_info *c = jpeg->comp_info;
    int fits = jpeg->data_precision == 8 && jpeg->scale_denom == 1 && c[0].h_samp_factor <= 2 && c[0].v_samp_factor <= 2;
    if (is_gray) fits = fits && c[0].h_samp_factor == 1 && c[0].v_samp_factor == 1;
    if (is_color) fits = fits && c[0].h_samp_factor >= c[0].v_samp_factor;  // as TIFF wants it
    for (int i = 1; is_color && i < 3; i++) fits = fits && c[i].h_samp_factor == 1 && c[i].v_samp_factor == 1;
    if (!(is_gray || is_color) || !fits || r->started) {
        snprintf(text, SHIP_JPEG_TEXT, "planes of this kind");
        return SHIP_JPEG_UNSUPPORTED;
    }
    jpeg->raw_data_out = TRUE;
    jpeg->out_color_space = jpeg->jpeg_color_space;
    r->started = 1;
    jpeg_start_decompress(jpeg);
    layout->planes = (uint32_t)jpeg->num_components;
    layout->across = (uint32_t)jpeg->max_h_samp_factor;
    layout->down = (uint32_t)jpeg->max_v_samp_factor;
    for (int i = 0; i < jpeg->num_components; i++) {
        const JQUANT_TBL *table = jpeg->comp_info[i].quant_table;
        for (int k = 0; k < 64; k++) layout->quantization[i][k] = table ? table->quantval[k] : 0;
        r->to_samples[i] = jpeg->idct->inverse_DCT[i];
        jpeg->idct->inverse_DCT[i] = keep_block;
    }
    return SHIP_JPEG_OK;
}

int ship_jpeg_read_planes(ship_jpeg_reader *r, const ship_jpeg_planes *planes, char *text) {
    j_decompress_ptr jpeg = &r->jpeg;
    if (setjmp(r->failure.escape)) return report(r, text);
    JSAMPROW rows[3][2 * DCTSIZE];
    for (int c = 0; c < jpeg->num_components; c++) {
        for (int y = 0; y < jpeg->comp_info[c].v_samp_factor * DCTSIZE; y++) rows[c][y] = planes->plane[c] + (size_t)y * planes->stride[c];
        r->rows[c] = rows[c];
    }
    r->target = planes;
    if (jpeg_read_raw_data(jpeg, r->rows, (JDIMENSION)(jpeg->max_v_samp_factor * DCTSIZE)) == 0) {
        snprintf(text, SHIP_JPEG_TEXT, "no more rows");
        return SHIP_JPEG_DAMAGED;
    }
    if (!r->out_of_range) return SHIP_JPEG_OK;
    snprintf(text, SHIP_JPEG_TEXT, "coefficients beyond 8 bits");
    return SHIP_JPEG_RANGE;
}

int ship_jpeg_skip(ship_jpeg_reader *r, uint32_t count, char *text) {
    j_decompress_ptr jpeg = &r->jpeg;
    if (setjmp(r->failure.escape)) return report(r, text);
    if (!r->started) {
        r->started = 1;
        jpeg_start_decompress(jpeg);
    }
    while (count > 0) {
        uint32_t got = jpeg_skip_scanlines(jpeg, count);
        if (got == 0) {
            snprintf(text, SHIP_JPEG_TEXT, "no more rows");
            return SHIP_JPEG_DAMAGED;
        }
        count -= got;
    }
    return SHIP_JPEG_OK;
}

void ship_jpeg_close(ship_jpeg_reader *r) {
    if (!setjmp(r->failure.escape)) jpeg_destroy_decompress(&r->jpeg);
    free(r);
}

// ---------------------------------------------------------------- writing

struct ship_jpeg_encoder {
    struct jpeg_compress_struct jpeg;
    failure failure;
    struct jpeg_destination_mgr destination;
    int fd;         // -1: the file is collected in memory
    JOCTET *bytes;  // what is not in the file yet, or all of it
    size_t capacity, written;
    const ship_jpeg_planes *source;  // while coefficients are given
};

static void init_destination(j_compress_ptr jpeg) {
    ship_jpeg_encoder *e = (ship_jpeg_encoder *)jpeg->client_data;
    e->destination.next_output_byte = e->bytes;
    e->destination.free_in_buffer = e->capacity;
}

static void write_out(ship_jpeg_encoder *e, size_t count) {
    for (const JOCTET *data = e->bytes; count > 0;) {
        ssize_t done = write(e->fd, data, count);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            snprintf(e->failure.text, sizeof e->failure.text, "%s", strerror(done < 0 ? errno : ENOSPC));
            e->failure.code = SHIP_JPEG_DAMAGED;
            longjmp(e->failure.escape, 1);
        }
        data += done;
        count -= (size_t)done;
    }
}

static boolean empty_output(j_compress_ptr jpeg) {
    ship_jpeg_encoder *e = (ship_jpeg_encoder *)jpeg->client_data;
    if (e->fd >= 0) {
        write_out(e, e->capacity);
        init_destination(jpeg);
        return TRUE;
    }
    size_t old = e->capacity;
    JOCTET *bytes = realloc(e->bytes, old * 2);
    if (!bytes) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 10);
    e->bytes = bytes;
    e->capacity = old * 2;
    e->destination.next_output_byte = bytes + old;
    e->destination.free_in_buffer = old;
    return TRUE;
}

static void term_destination(j_compress_ptr jpeg) {
    ship_jpeg_encoder *e = (ship_jpeg_encoder *)jpeg->client_data;
    e->written = e->capacity - e->destination.free_in_buffer;
    if (e->fd < 0) return;
    write_out(e, e->written);
    e->written = 0;
}

ship_jpeg_encoder *ship_jpeg_encoder_create(void) {
    ship_jpeg_encoder *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->fd = -1;
    e->capacity = 1 << 15;
    e->bytes = malloc(e->capacity);
    e->jpeg.err = jpeg_std_error(&e->failure.base);
    e->failure.base.error_exit = error_exit;
    e->failure.base.output_message = output_message;
    if (!e->bytes || setjmp(e->failure.escape)) {
        free(e->bytes);
        free(e);
        return NULL;
    }
    jpeg_create_compress(&e->jpeg);
    e->jpeg.client_data = e;
    e->destination.init_destination = init_destination;
    e->destination.empty_output_buffer = empty_output;
    e->destination.term_destination = term_destination;
    e->jpeg.dest = &e->destination;
    return e;
}

static int encoder_failed(ship_jpeg_encoder *e, char *text) {
    snprintf(text, SHIP_JPEG_TEXT, "%s", e->failure.text);
    jpeg_abort_compress(&e->jpeg);
    return e->failure.code;
}

int ship_jpeg_encoder_start(ship_jpeg_encoder *e, int fd, const ship_jpeg_picture *picture, char *text) {
    j_compress_ptr jpeg = &e->jpeg;
    if (setjmp(e->failure.escape)) return encoder_failed(e, text);
    jpeg_abort_compress(jpeg);
    e->fd = fd;
    jpeg->image_width = picture->width;
    jpeg->image_height = picture->height;
    jpeg->input_components = (int)picture->channels;
    jpeg->in_color_space = picture->channels == 1 ? JCS_GRAYSCALE : JCS_EXT_BGR;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, (int)picture->quality, TRUE);
    if (picture->full_chroma && picture->channels == 3) jpeg->comp_info[0].h_samp_factor = jpeg->comp_info[0].v_samp_factor = 1;
    if (picture->density_unit) {
        jpeg->density_unit = (UINT8)picture->density_unit;
        jpeg->X_density = (UINT16)picture->x_density;
        jpeg->Y_density = (UINT16)picture->y_density;
    }
    jpeg_start_compress(jpeg, TRUE);
    return SHIP_JPEG_OK;
}

int ship_jpeg_encoder_marker(ship_jpeg_encoder *e, int marker, const uint8_t *bytes, uint32_t size, char *text) {
    if (setjmp(e->failure.escape)) return encoder_failed(e, text);
    jpeg_write_marker(&e->jpeg, marker, bytes, size);
    return SHIP_JPEG_OK;
}

int ship_jpeg_encoder_rows(ship_jpeg_encoder *e, const uint8_t *rows, size_t stride, uint32_t count, char *text) {
    j_compress_ptr jpeg = &e->jpeg;
    if (setjmp(e->failure.escape)) return encoder_failed(e, text);
    JSAMPROW pointers[16];
    while (count > 0) {
        uint32_t n = count < 16 ? count : 16;
        for (uint32_t i = 0; i < n; i++) pointers[i] = (JSAMPROW)(rows + (size_t)i * stride);
        uint32_t took = jpeg_write_scanlines(jpeg, pointers, n);
        if (took == 0) break;
        rows += (size_t)took * stride;
        count -= took;
    }
    return SHIP_JPEG_OK;
}

// Called by libjpeg for each row of blocks in an MCU, in place of the transform of samples: the coefficients are there already.
static void take_blocks(
    j_compress_ptr jpeg, jpeg_component_info *component, JSAMPARRAY samples, JBLOCKROW blocks, JDIMENSION row, JDIMENSION column, JDIMENSION count
) {
    (void)samples;
    const ship_jpeg_planes *source = ((ship_jpeg_encoder *)jpeg->client_data)->source;
    int c = component->component_index;
    memcpy(blocks, source->blocks[c] + (row / DCTSIZE * source->block_stride[c] + column / DCTSIZE) * DCTSIZE2, count * sizeof(JBLOCK));
}

int ship_jpeg_encoder_start_planes(
    ship_jpeg_encoder *e, uint32_t width, uint32_t height, uint32_t quality, const ship_jpeg_layout *layout, char *text
) {
    j_compress_ptr jpeg = &e->jpeg;
    if (setjmp(e->failure.escape)) return encoder_failed(e, text);
    jpeg_abort_compress(jpeg);
    e->fd = -1;
    jpeg->image_width = width;
    jpeg->image_height = height;
    jpeg->input_components = (int)layout->planes;
    jpeg->in_color_space = layout->planes == 1 ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg_set_defaults(jpeg);
    jpeg->comp_info[0].h_samp_factor = (int)layout->across;
    jpeg->comp_info[0].v_samp_factor = (int)layout->down;
    jpeg_set_quality(jpeg, quality ? (int)quality : 75, TRUE);
    if (!quality)
        for (int c = 0; c < (int)layout->planes; c++) {
            // The planes of chroma nearly always share a table.
            int number = c == 2 && memcmp(layout->quantization[1], layout->quantization[2], sizeof layout->quantization[1]) == 0 ? 1 : c;
            jpeg->comp_info[c].quant_tbl_no = number;
            if (!jpeg->quant_tbl_ptrs[number]) jpeg->quant_tbl_ptrs[number] = jpeg_alloc_quant_table((j_common_ptr)jpeg);
            for (int k = 0; k < 64; k++) jpeg->quant_tbl_ptrs[number]->quantval[k] = layout->quantization[c][k] ? layout->quantization[c][k] : 1;
            jpeg->quant_tbl_ptrs[number]->sent_table = FALSE;
        }
    jpeg->raw_data_in = TRUE;
    jpeg_start_compress(jpeg, TRUE);
    if (!quality) jpeg->fdct->forward_DCT = take_blocks;
    return SHIP_JPEG_OK;
}

int ship_jpeg_encoder_planes(ship_jpeg_encoder *e, const ship_jpeg_planes *planes, char *text) {
    j_compress_ptr jpeg = &e->jpeg;
    if (setjmp(e->failure.escape)) return encoder_failed(e, text);
    static JSAMPLE unused[1];
    JSAMPROW rows[3][2 * DCTSIZE];
    JSAMPARRAY all[3] = {rows[0], rows[1], rows[2]};
    for (int c = 0; c < jpeg->num_components; c++)
        for (int y = 0; y < jpeg->comp_info[c].v_samp_factor * DCTSIZE; y++)
            rows[c][y] = planes->plane[c] ? planes->plane[c] + (size_t)y * planes->stride[c] : unused;
    e->source = planes;
    jpeg_write_raw_data(jpeg, all, (JDIMENSION)(jpeg->max_v_samp_factor * DCTSIZE));
    return SHIP_JPEG_OK;
}

int ship_jpeg_encoder_finish(ship_jpeg_encoder *e, const uint8_t **bytes, size_t *size, char *text) {
    if (setjmp(e->failure.escape)) return encoder_failed(e, text);
    jpeg_finish_compress(&e->jpeg);
    *bytes = e->bytes;
    *size = e->written;
    return SHIP_JPEG_OK;
}

void ship_jpeg_encoder_destroy(ship_jpeg_encoder *e) {
    if (!setjmp(e->failure.escape)) jpeg_destroy_compress(&e->jpeg);
    free(e->bytes);
    free(e);
}
