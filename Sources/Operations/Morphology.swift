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
    /// - Complexity: rectangles: runs × log of the height. Disks: 64-pixel words near the foreground × radius, but at most about
    ///   the pixels of the foreground's box grown by the radius, whatever that is.
    public func dilated(_ brush: Brush) -> Mask {
        switch brush {
        case .disk(let radius):
            precondition(radius >= 0, "disk radius \(radius) is negative")
            return runs.isEmpty ? self : dilatedByDisk(radius)
        case .rectangle(let x, let y):
            precondition(x >= 0 && y >= 0, "rectangle \(x), \(y) is negative")
            guard !runs.isEmpty else { return self }
            // More than the size of `bounds` changes nothing.
            var grown = widened(by: min(x, bounds.width))
            // Rows y ... y + height − 1 are in `grown` already; doubling needs log steps.
            var height = 1
            let y = min(y, bounds.height)
            let wanted = 2 * y + 1
            while height < wanted {
                let step = min(height, wanted - height)
                grown = unitedRuns(grown, moved(grown, step))
                height += step
            }
            return clipped(moved(grown, -y))
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

    private func moved(_ runs: [Run], _ rows: Int) -> [Run] { runs.map { Run(y: $0.y + Int32(rows), first: $0.first, last: $0.last) } }

    /// Mask of those rows that lie inside `bounds`.
    private func clipped(_ runs: [Run]) -> Mask {
        let (top, bottom) = (Int32(bounds.y), Int32(bounds.maxY))
        return Mask(bounds: bounds, sortedRuns: runs.filter { $0.y >= top && $0.y < bottom })
    }
}
