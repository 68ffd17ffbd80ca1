import Codecs
import Raster

/// Tile of a pyramid that shows where objects are, as one bit a pixel. At low zoom a pixel is set if any pixel under it is covered,
/// so that small objects and thin legs never vanish.
package enum OverlayTile {
    package enum Style: Sendable, Equatable {
        case fill
        /// Inner border of each object, `width` tile pixels wide; objects that touch keep theirs.
        case outline(width: Int)
    }

    /// Pixels of the image that a tile shows, to look up its objects by; nil outside the image. Outlines look `margin` tile pixels
    /// farther, which the box includes.
    package static func region(_ layout: PyramidLayout, z: Int, x: Int, y: Int, margin: Int = 0) -> Rect? {
        guard let tile = layout.tile(z: z, x: x, y: y), let native = layout.levels.last else { return nil }
        let shift = layout.levels.count - 1 - z
        let minX = (x * layout.tileSize - margin) << shift
        let minY = (y * layout.tileSize - margin) << shift
        let maxX = (x * layout.tileSize + tile.width + margin) << shift
        let maxY = (y * layout.tileSize + tile.height + margin) << shift
        return Rect(minX: minX, minY: minY, maxX: maxX, maxY: maxY)
            .intersection(Rect(x: 0, y: 0, width: native.width, height: native.height))
    }

    /// Draws masks, given in image coordinates; nil outside the image. Masks outside the tile cost next to nothing.
    ///
    /// - Complexity: runs of the masks inside the tile; for outlines also the tile pixels of each object's box / 64.
    package static func draw(
        _ masks: some Sequence<Mask>, layout: PyramidLayout, z: Int, x: Int, y: Int, style: Style = .fill
    ) -> BitRaster? {
        guard let tile = layout.tile(z: z, x: x, y: y) else { return nil }
        let shift = layout.levels.count - 1 - z
        let (left, top) = (x * layout.tileSize, y * layout.tileSize)
        var result = BitRaster(width: tile.width, height: tile.height)
        switch style {
        case .fill:
            for mask in masks { result.add(mask, shift: shift, origin: (left, top)) }
        case .outline(let width):
            precondition((1...32).contains(width), "outline of \(width) pixels")
            for mask in masks {
                // The object alone, in tile pixels, with a margin so that its border is seen beyond the tile.
                let box = mask.bounds
                guard box.width > 0, box.height > 0 else { continue }
                let minX = max(box.x >> shift - 1, left - width - 1), minY = max(box.y >> shift - 1, top - width - 1)
                let maxX = min((box.maxX - 1) >> shift + 2, left + tile.width + width + 1)
                let maxY = min((box.maxY - 1) >> shift + 2, top + tile.height + width + 1)
                guard minX < maxX, minY < maxY else { continue }
                var object = BitRaster(width: maxX - minX, height: maxY - minY)
                object.add(mask, shift: shift, origin: (minX, minY))
                let border = object.innerBorder(width: width)
                result.add(border, x: minX - left, y: minY - top)
            }
        }
        return result
    }

    /// The drawn tile as PNG, transparent where there is no object; nil outside the image.
    package static func png(
        _ masks: some Sequence<Mask>, layout: PyramidLayout, z: Int, x: Int, y: Int, style: Style = .fill, color: UInt32
    ) -> [UInt8]? {
        draw(masks, layout: layout, z: z, x: x, y: y, style: style).map { MaskPNG.encode($0, color: color) }
    }
}

extension BitRaster {
    /// Set pixels within `width` steps, left, right, up or down, of a pixel that is not set. What lies outside counts as set, so
    /// that a cut is no border: leave a margin where it is one.
    func innerBorder(width steps: Int) -> BitRaster {
        var inside = words
        var before = words
        let count = wordsPerRow
        // Bits past the width count as set.
        let past = width % 64 == 0 ? 0 : ~UInt64(0) >> UInt64(width % 64)
        for _ in 0..<steps {
            swap(&inside, &before)
            before.withUnsafeBufferPointer { before in
                inside.withUnsafeMutableBufferPointer { inside in
                    for y in 0..<height {
                        let row = y * count
                        for index in 0..<count {
                            let word = before[row + index]
                            if word == 0 {
                                inside[row + index] = 0
                                continue
                            }
                            let rightmost = index == count - 1
                            let fromLeft = index > 0 ? before[row + index - 1] << 63 : 1 << 63
                            let fromRight = rightmost ? 1 : before[row + index + 1] >> 63
                            let own = rightmost ? word | past : word
                            let up = y > 0 ? before[row - count + index] : ~0
                            let down = y < height - 1 ? before[row + count + index] : ~0
                            inside[row + index] = word & (word >> 1 | fromLeft) & (own << 1 | fromRight) & up & down
                        }
                    }
                }
            }
        }
        var border = self
        for index in border.words.indices { border.words[index] &= ~inside[index] }
        return border
    }

    /// Every pixel as a square of 2^`power` pixels.
    func magnified(_ power: Int) -> BitRaster {
        var result = BitRaster(width: width << power, height: height << power)
        for run in mask().runs {
            let line = Run(y: 0, first: Int(run.first) << power, last: (Int(run.last) + 1) << power - 1)
            for row in 0..<(1 << power) {
                let y = Int(run.y) << power + row
                result.add(Mask(bounds: Rect(x: 0, y: y, width: result.width, height: 1), sortedRuns: [Run(y: y, first: Int(line.first), last: Int(line.last))]))
            }
        }
        return result
    }

    /// Sets the pixels of another raster whose top left pixel lies at (x, y), which may be outside.
    mutating func add(_ other: BitRaster, x: Int, y: Int) {
        let wordShift = x >> 6
        let bitShift = UInt64(x & 63)
        let last = width % 64 == 0 ? ~UInt64(0) : ~(~UInt64(0) >> UInt64(width % 64))
        for row in max(0, -y)..<max(max(0, -y), min(other.height, height - y)) {
            for index in 0..<other.wordsPerRow {
                let word = other.words[row * other.wordsPerRow + index]
                guard word != 0 else { continue }
                let target = (y + row) * wordsPerRow
                let at = index + wordShift
                if at >= 0, at < wordsPerRow { words[target + at] |= word >> bitShift & (at == wordsPerRow - 1 ? last : ~0) }
                if bitShift > 0, at + 1 >= 0, at + 1 < wordsPerRow {
                    words[target + at + 1] |= word << (64 - bitShift) & (at + 1 == wordsPerRow - 1 ? last : ~0)
                }
            }
        }
    }
}
