import CJPEG

/// How the planes of a JPEG lie: luma alone, or luma and two planes of chroma.
package struct JPEGPlaneLayout: Sendable {
    let layout: ship_jpeg_layout

    /// 1 or 3.
    package var planes: Int { Int(layout.planes) }
    /// Pixels that share a sample of chroma.
    package var across: Int { Int(layout.across) }
    package var down: Int { Int(layout.down) }
}

/// Rows of planes, and of blocks of 64 coefficients where these are wanted. Strides in bytes and in blocks; 0 repeats one row.
package struct JPEGPlaneRows {
    fileprivate var planes = ship_jpeg_planes()

    package init() {}

    package mutating func set(_ plane: Int, _ samples: UnsafeMutablePointer<UInt8>, stride: Int, blocks: UnsafeMutablePointer<Int16>?, blockStride: Int) {
        switch plane {
        case 0: (planes.plane.0, planes.stride.0, planes.blocks.0, planes.block_stride.0) = (samples, stride, blocks, blockStride)
        case 1: (planes.plane.1, planes.stride.1, planes.blocks.1, planes.block_stride.1) = (samples, stride, blocks, blockStride)
        default: (planes.plane.2, planes.stride.2, planes.blocks.2, planes.block_stride.2) = (samples, stride, blocks, blockStride)
        }
    }
}

/// Planes of a JPEG without change of size or colour, and the quantized coefficients they came from.
package final class JPEGPlaneReader {
    package let header: ImageHeader
    package let layout: JPEGPlaneLayout
    private let reader: JPEGRowReader

    /// nil for a file that is no JPEG, or whose planes have another form (RGB, CMYK, unusual chroma): it is read by rows.
    package static func open(path: String) throws(CodecError) -> JPEGPlaneReader? { try open(ImageSource(path: path)) }
    package static func open(descriptor: Int32, name: String) throws(CodecError) -> JPEGPlaneReader? { try open(ImageSource(descriptor: descriptor, name: name)) }
    package static func open(bytes: [UInt8], name: String) throws(CodecError) -> JPEGPlaneReader? { try open(ImageSource(bytes: bytes, name: name)) }

    private static func open(_ source: ImageSource) throws(CodecError) -> JPEGPlaneReader? {
        guard try source.sniff() == .jpeg else { return nil }
        let reader = try JPEGRowReader(source, limits: .standard)
        guard let layout = try reader.startPlanes() else { return nil }
        return JPEGPlaneReader(reader, JPEGPlaneLayout(layout: layout))
    }

    private init(_ reader: JPEGRowReader, _ layout: JPEGPlaneLayout) { (self.reader, self.layout, header) = (reader, layout, reader.header) }

    /// Rows of pixels that one reading gives; the last may reach below the picture.
    package var rowsPerReading: Int { 8 * layout.down }

    /// Decodes the next rows into room for whole blocks.
    /// - Throws: `.unsupported` also where coefficients are asked for and one is beyond what 8 bits can have.
    package func read(into rows: JPEGPlaneRows) throws(CodecError) { try reader.readPlanes(rows.planes, rows: rowsPerReading) }
}

extension JPEGTileEncoder {
    /// Begins a picture that is given planes.
    ///
    /// - Parameter quality: 1 to 100; nil: it is given coefficients, quantized as those of `layout`'s file.
    package func start(width: Int, height: Int, layout: JPEGPlaneLayout, quality: Int?) throws(CodecError) {
        var layout = layout.layout
        try encoding { ship_jpeg_encoder_start_planes(encoder, UInt32(width), UInt32(height), UInt32(quality ?? 0), &layout, $0) }
    }

    /// Next 8 · `down` rows.
    package func write(_ rows: JPEGPlaneRows) throws(CodecError) {
        var planes = rows.planes
        try encoding { ship_jpeg_encoder_planes(encoder, &planes, $0) }
    }
}
