import CJPEG

/// One JPEG encoder used for picture after picture, fed row by row. Not to be used from two threads at once.
package final class JPEGTileEncoder {
    let encoder: OpaquePointer

    package init() throws(CodecError) {
        guard let encoder = ship_jpeg_encoder_create() else { throw .cannotEncode(reason: "out of memory") }
        self.encoder = encoder
    }

    deinit { ship_jpeg_encoder_destroy(encoder) }

    /// Begins a picture of 8-bit gray (1 channel) or blue green red (3). A picture that was not finished is dropped.
    package func start(width: Int, height: Int, channels: Int, quality: Int) throws(CodecError) {
        var picture = ship_jpeg_picture(
            width: UInt32(width), height: UInt32(height), channels: UInt32(channels), quality: UInt32(quality), full_chroma: 0, density_unit: 0,
            x_density: 0, y_density: 0)
        try encoding { ship_jpeg_encoder_start(encoder, -1, &picture, $0) }
    }

    /// Next `count` rows, `stride` bytes apart; a `stride` of 0 repeats one row.
    package func write(_ rows: UnsafePointer<UInt8>, stride: Int, count: Int) throws(CodecError) {
        try encoding { ship_jpeg_encoder_rows(encoder, rows, stride, UInt32(count), $0) }
    }

    /// The finished file, which holds until the next start.
    package func finish() throws(CodecError) -> UnsafeBufferPointer<UInt8> {
        var bytes: UnsafePointer<UInt8>?
        var size = 0
        try encoding { ship_jpeg_encoder_finish(encoder, &bytes, &size, $0) }
        return UnsafeBufferPointer(start: bytes, count: size)
    }
}
