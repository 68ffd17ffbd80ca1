import Raster

extension Mask {
    /// Those components that hold at least one pixel of `seeds`.
    ///
    /// Hysteresis thresholding is `weak.components(touching: strong)`: the mask of the lenient level, kept where the strict one agrees.
    /// - Complexity: linear in the runs of both.
    /// - Source: equals `apply_hysteresis_threshold` of scikit-image (there four-connected).
    public func components(touching seeds: Mask, connectivity: Connectivity = .eight) -> Mask {
        let labelled = RunLabels(runs, connectivity: connectivity)
        var keep = [Bool](repeating: false, count: labelled.count)
        var (i, j) = (0, 0)
        while i < runs.count, j < seeds.runs.count {
            let (a, b) = (runs[i], seeds.runs[j])
            if a.y == b.y, a.first <= b.last, b.first <= a.last { keep[Int(labelled.labels[i])] = true }
            if (a.y, a.last) < (b.y, b.last) { i += 1 } else { j += 1 }
        }
        return Mask(bounds: bounds, sortedRuns: zip(runs, labelled.labels).filter { keep[Int($1)] }.map(\.0))
    }
}

extension Image where Pixel == UInt8 {
    /// Pixels ≤ `weak` that hang together with one ≤ `strong` (dark objects).
    ///
    /// - Parameter connectivity: four, as in scikit-image, or eight.
    /// - Complexity: two passes over the pixels, then linear in the runs.
    /// - Source: Canny 1986, doi:10.1109/TPAMI.1986.4767851; equals `apply_hysteresis_threshold` of scikit-image 0.26 on the inverted image.
    public func hysteresisMask(darkerThanOrEqual strong: UInt8, growingTo weak: UInt8, connectivity: Connectivity = .four) -> Mask {
        mask(darkerThanOrEqual: weak).components(touching: mask(darkerThanOrEqual: strong), connectivity: connectivity)
    }

    /// Pixels > `weak` that hang together with one > `strong` (bright objects); equals `apply_hysteresis_threshold(image, weak, strong)`.
    public func hysteresisMask(brighterThan strong: UInt8, growingTo weak: UInt8, connectivity: Connectivity = .four) -> Mask {
        mask(brighterThan: weak).components(touching: mask(brighterThan: strong), connectivity: connectivity)
    }
}

extension Image where Pixel == UInt16 {
    /// The same for 16 bits.
    public func hysteresisMask(darkerThanOrEqual strong: UInt16, growingTo weak: UInt16, connectivity: Connectivity = .four) -> Mask {
        mask(darkerThanOrEqual: weak).components(touching: mask(darkerThanOrEqual: strong), connectivity: connectivity)
    }

    /// The same for 16 bits.
    public func hysteresisMask(brighterThan strong: UInt16, growingTo weak: UInt16, connectivity: Connectivity = .four) -> Mask {
        mask(brighterThan: weak).components(touching: mask(brighterThan: strong), connectivity: connectivity)
    }
}
