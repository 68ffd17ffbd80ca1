import Raster

/// How one object's picture is cut out of a pyramid to fit a square cell.
package struct VignetteCut: Sendable, Hashable {
    /// Level whose pixels are just fine enough.
    package let z: Int
    /// A pixel of that level stands for 2^shift of the image on each side.
    package let shift: Int
    /// The pixels of that level which are needed.
    package let part: Rect
    /// Size of the picture.
    package let width: Int
    package let height: Int
    /// Where the picture begins and ends in `part`, in pixels of the level.
    package let left, right, top, bottom: Double

    /// - Parameters:
    ///   - box: of the object; it gets a margin of 6 % of its longer side, at least 2 pixels, as far as the image reaches.
    ///   - cell: side of the cell.
    /// - Returns: nil when the box lies outside of the image.
    package init?(box: Rect, layout: PyramidLayout, cell: Int) {
        let native = layout.levels[layout.levels.count - 1]
        let margin = max(2, max(box.width, box.height) * 6 / 100)
        let wide = Rect(minX: box.x - margin, minY: box.y - margin, maxX: box.maxX + margin, maxY: box.maxY + margin)
            .intersection(Rect(x: 0, y: 0, width: native.width, height: native.height))
        guard !box.isEmpty, !wide.isEmpty else { return nil }
        let scale = min(2, Double(cell) / Double(max(wide.width, wide.height)))
        width = max(1, min(cell, Int((Double(wide.width) * scale).rounded())))
        height = max(1, min(cell, Int((Double(wide.height) * scale).rounded())))
        var shift = 0
        while shift < layout.levels.count - 1, scale * Double(2 << shift) <= 1 { shift += 1 }
        z = layout.levels.count - 1 - shift
        self.shift = shift
        let level = layout.levels[z]
        part = Rect(
            minX: wide.x >> shift, minY: wide.y >> shift, maxX: min(level.width, (wide.maxX - 1) >> shift + 1),
            maxY: min(level.height, (wide.maxY - 1) >> shift + 1))
        let unit = Double(1 << shift)
        // The last pixel of a level may stand for fewer pixels of the image.
        (left, right) = (Double(wide.x) / unit - Double(part.x), min(Double(part.width), Double(wide.maxX) / unit - Double(part.x)))
        (top, bottom) = (Double(wide.y) / unit - Double(part.y), min(Double(part.height), Double(wide.maxY) / unit - Double(part.y)))
    }
}
