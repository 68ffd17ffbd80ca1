import Raster

/// Where pixels of an image's levels come from.
package protocol TileSource: Sendable {
    var layout: PyramidLayout { get }
    /// 1 gray, 3 colour.
    var channels: Int { get }
    /// 8, or 16 where the full depth is kept.
    var bitsPerSample: Int { get }

    /// Pixels of a part of one level, as they are; nil while there are none.
    ///
    /// - Parameter part: inside the level, not empty.
    func pixels(_ part: Rect, level: Int) throws -> AnyImage?
}

extension TileSource {
    /// Pixels of a tile, cropped at the edges of the image; nil outside it, or while there are none.
    package func pixels(z: Int, x: Int, y: Int) throws -> AnyImage? {
        guard let size = layout.tile(z: z, x: x, y: y) else { return nil }
        return try pixels(Rect(x: x * layout.tileSize, y: y * layout.tileSize, width: size.width, height: size.height), level: z)
    }

    /// The part of the finest level on which it has at most `maxPixels` pixels.
    package func pixels(_ box: Rect, maxPixels: Int) throws -> AnyImage? {
        var shift = 0
        while shift < layout.levels.count - 1, (box.width >> shift) * (box.height >> shift) > maxPixels { shift += 1 }
        let level = layout.levels.count - 1 - shift
        let size = layout.levels[level]
        let part = Rect(
            minX: box.x >> shift, minY: box.y >> shift, maxX: min(size.width, (box.maxX - 1) >> shift + 1),
            maxY: min(size.height, (box.maxY - 1) >> shift + 1))
        return try pixels(part, level: level)
    }
}
