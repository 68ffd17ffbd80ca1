import Raster

/// Neighbourhood of morphological operations, symmetric about its centre.
public enum Brush: Hashable, Sendable {
    /// All pixels at most this far: dx² + dy² ≤ radius².
    case disk(radius: Int)
    /// (2 · x + 1) × (2 · y + 1) pixels.
    case rectangle(x: Int, y: Int)
}

extension Mask {
    /// Foreground and all pixels a brush on it covers, cut at `bounds`.
    ///
    /// - Precondition: radii are not negative.
    /// - Complexity: rectangles: runs, and 64-pixel words of the foreground's box grown by the brush × log of the height. Disks: 64-pixel
    ///   words near the foreground × radius, but at most about the pixels of the grown box, whatever the radius is.
    public func dilated(_ brush: Brush) -> Mask {
        switch brush {
        case .disk(let radius):
            precondition(radius >= 0, "disk radius \(radius) is negative")
            return runs.isEmpty ? self : dilatedByDisk(radius)
        case .rectangle(let x, let y):
            precondition(x >= 0 && y >= 0, "rectangle \(x), \(y) is negative")
            return runs.isEmpty ? self : dilatedByRectangle(min(x, bounds.width), min(y, bounds.height))
        }
    }

    /// Pixels on which the whole brush lies in the foreground; beyond `bounds` counts as foreground, as in OpenCV and scikit-image.
    public func eroded(_ brush: Brush) -> Mask {
        guard !runs.isEmpty else { return self }
        if case .disk(let radius) = brush {
            precondition(radius >= 0, "disk radius \(radius) is negative")
            return erodedByDisk(radius)
        }
        return inverted.dilated(brush).inverted
    }

    /// Eroded, then dilated: takes away what is narrower than the brush.
    public func opened(_ brush: Brush) -> Mask { eroded(brush).dilated(brush) }

    /// Dilated, then eroded: closes gaps narrower than the brush.
    public func closed(_ brush: Brush) -> Mask { dilated(brush).eroded(brush) }

    /// Every run longer by `margin` at both ends, cut at the sides of `bounds`, joined where they meet.
    private func widened(by margin: Int) -> [Run] {
        let (left, right) = (Int32(bounds.x), Int32(bounds.maxX - 1))
        var wide: [Run] = []
        wide.reserveCapacity(runs.count)
        for run in runs {
            let (first, last) = (max(left, run.first - Int32(margin)), min(right, run.last + Int32(margin)))
            if let end = wide.indices.last, wide[end].y == run.y, wide[end].last + 1 >= first {
                wide[end].last = last
            } else {
                wide.append(Run(y: run.y, first: first, last: last))
            }
        }
        return wide
    }

    /// Widened runs, and for the height the union of windows of 1, 2, 4 … rows of 64-pixel words, the last two overlapping.
    private func dilatedByRectangle(_ x: Int, _ y: Int) -> Mask {
        let wide = widened(by: x)
        guard y > 0 else { return Mask(bounds: bounds, sortedRuns: wide) }
        let own = boundingBox
        let box = Rect(x: own.x - x, y: own.y - y, width: own.width + 2 * x, height: own.height + 2 * y).intersection(bounds)
        var upward = BitGrid(wide, box: box, margin: 0)
        var downward = upward
        upward.words.withUnsafeMutableBufferPointer { up in
            downward.words.withUnsafeMutableBufferPointer { down in
                let (up, down, count) = (up.baseAddress!, down.baseAddress!, up.count)
                var rows = 1
                while rows < y + 1 {
                    let step = min(rows, y + 1 - rows)
                    let offset = step * upward.stride
                    // In the order that reads what is not written yet.
                    for word in 0..<max(0, count - offset) { up[word] |= up[word &+ offset] }
                    for word in Swift.stride(from: count - 1, through: offset, by: -1) { down[word] |= down[word &- offset] }
                    rows += step
                }
                for word in 0..<count { up[word] |= down[word] }
            }
        }
        return Mask(bounds: bounds, sortedRuns: upward.runs())
    }
}
