import Codecs

/// What the pixels of a pyramid are made of while it is built.
enum PixelForm {
    /// Gray, or blue green red beside each other.
    case rows(channels: Int)
    /// Luma and chroma apart, as a JPEG has them.
    case planes(JPEGPlaneLayout)

    var channels: Int {
        switch self {
        case .rows(let channels): channels
        case .planes(let layout): layout.planes
        }
    }

    /// Pixels that share a sample of chroma in the tiles.
    var chroma: (across: Int, down: Int) {
        switch self {
        case .rows: (2, 2)
        case .planes(let layout): (layout.across, layout.down)
        }
    }
}

/// Some rows of one level, padded to whole tiles. Used by one thread at a time, but for planes whose columns are apart.
final class Strip: @unchecked Sendable {
    struct Plane {
        /// Of a pixel.
        let bytes: Int
        let across: Int
        let down: Int
        /// Samples of a row that belong to the image.
        let width: Int
        let stride: Int
        /// Room for all rows, and one to pair an odd last row with.
        let samples: UnsafeMutablePointer<UInt8>
        /// Quantized coefficients the samples came from, where they are kept; one row of blocks more than the strip has.
        let blocks: UnsafeMutablePointer<Int16>?
        var blockStride: Int { stride / 8 }
    }

    /// Rows worked on at once; a multiple of the 16 rows that JPEG with halved chroma packs together.
    static let height = 32

    let planes: [Plane]
    /// Rows of pixels that are in it.
    var rows = 0

    init(_ size: PyramidLayout.Level, tileSize: Int, form: PixelForm, keepsBlocks: Bool = false) {
        let padded = size.columns * tileSize
        func plane(_ bytes: Int, _ across: Int, _ down: Int) -> Plane {
            let stride = padded / across * bytes
            let rows = Self.height / down
            return Plane(
                bytes: bytes, across: across, down: down, width: (size.width + across - 1) / across, stride: stride,
                samples: .allocate(capacity: stride * (rows + 1)), blocks: keepsBlocks ? .allocate(capacity: stride / 8 * (rows / 8 + 1) * 64) : nil)
        }
        switch form {
        case .rows(let channels): planes = [plane(channels, 1, 1)]
        case .planes(let layout):
            planes = (0..<layout.planes).map { $0 == 0 ? plane(1, 1, 1) : plane(1, layout.across, layout.down) }
        }
    }

    deinit {
        for plane in planes {
            plane.samples.deallocate()
            plane.blocks?.deallocate()
        }
    }

    /// Repeats the last pixel of each row up to whole tiles; below the image, the last row.
    func pad() {
        for plane in planes {
            let filled = (rows + plane.down - 1) / plane.down
            for y in 0..<filled {
                let row = plane.samples + y * plane.stride
                for at in Swift.stride(from: plane.width * plane.bytes, to: plane.stride, by: 1) { row[at] = row[at - plane.bytes] }
            }
            if rows < Self.height {
                for y in filled...(Self.height / plane.down) {
                    (plane.samples + y * plane.stride).update(from: plane.samples + (filled - 1) * plane.stride, count: plane.stride)
                }
            }
            guard let blocks = plane.blocks else { continue }
            // An even block of the same mean costs next to nothing.
            let (across, down) = ((plane.width + 7) / 8, (filled + 7) / 8)
            func flatten(_ block: Int, like other: Int) {
                let mean = blocks[64 * other]
                (blocks + 64 * block).update(repeating: 0, count: 64)
                blocks[64 * block] = mean
            }
            for y in 0..<down {
                for x in across..<max(across, plane.blockStride) { flatten(y * plane.blockStride + x, like: y * plane.blockStride + across - 1) }
            }
            for y in down...(Self.height / plane.down / 8) {
                for x in 0..<plane.blockStride { flatten(y * plane.blockStride + x, like: (down - 1) * plane.blockStride + x) }
            }
        }
    }

    /// The part of a column of tiles that `layout`'s JPEG takes at once: from row `8 · layout.down · number` on.
    ///
    /// - Parameter number: nil for what lies below the image: its last row again and again.
    func part(_ number: Int?, left: Int, layout: JPEGPlaneLayout) -> JPEGPlaneRows {
        var part = JPEGPlaneRows()
        for (index, plane) in planes.enumerated() {
            // Rows end where blocks do, and are padded up to there.
            let row = number.map { 8 * layout.down / plane.down * $0 } ?? Self.height / plane.down - 1
            let blockRow = number.map { layout.down / plane.down * $0 } ?? Self.height / plane.down / 8
            let blocks = plane.blocks.map { $0 + 64 * (blockRow * plane.blockStride + left / plane.across / 8) }
            part.set(
                index, plane.samples + row * plane.stride + left / plane.across, stride: number == nil ? 0 : plane.stride,
                blocks: blocks, blockStride: number == nil ? 0 : plane.blockStride)
        }
        return part
    }
}
