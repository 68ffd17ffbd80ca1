import CJPEG

/// One JPEG encoder used for picture after picture, fed row by row. Not to be used from two threads at once.
package final class JPEGTileEncoder {
    private let encoder: OpaquePointer

    package init() throws(CodecError) {
        guard let encoder = ship_jpeg_encoder_create() else { throw .cannotEncode(reason: "out of memory") }
        self.encoder = encoder
    }

    deinit { ship_jpeg_encoder_destroy(encoder) }

    /// Begins a picture of 8-bit gray (1 channel) or blue green red (3). A picture that was not finished is dropped.
    package func start(width: Int, height: Int, channels: Int, quality: Int) throws(CodecError) {
        try check { ship_jpeg_encoder_start(encoder, UInt32(width), UInt32(height), UInt32(channels), UInt32(quality), 0, $0) }
    }

    /// Next `count` rows, `stride` bytes apart; a `stride` of 0 repeats one row.
    package func write(_ rows: UnsafePointer<UInt8>, stride: Int, count: Int) throws(CodecError) {
        try check { ship_jpeg_encoder_rows(encoder, rows, stride, UInt32(count), $0) }
    }

    /// The finished file, which holds until the next start.
    package func finish() throws(CodecError) -> UnsafeBufferPointer<UInt8> {
        var bytes: UnsafePointer<UInt8>?
        var size = 0
        try check { ship_jpeg_encoder_finish(encoder, &bytes, &size, $0) }
        return UnsafeBufferPointer(start: bytes, count: size)
    }

    private func check(_ body: (UnsafeMutablePointer<CChar>) -> Int32) throws(CodecError) {
        let (code, text) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(SHIP_JPEG_TEXT)) { text -> (Int32, String?) in
            text.initialize(repeating: 0)
            let code = body(text.baseAddress!)
            return (code, Int(code) == SHIP_JPEG_OK ? nil : message(Array(text)))
        }
        guard Int(code) == SHIP_JPEG_OK else { throw .cannotEncode(reason: text ?? "unknown error") }
    }
}
