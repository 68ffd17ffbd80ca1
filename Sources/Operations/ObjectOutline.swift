import Raster

/// What several groups of measures need of one mask, worked out once.
package struct ObjectOutline {
    package let mask: Mask
    package let box: Rect
    /// Ends of each row that has any foreground, from top to bottom.
    package let rows: [RowExtent]
    let moments: ShapeMoments
    let hull: PixelHull
    /// Eight-connected parts.
    package let parts: Int
    /// Parts minus holes.
    let eulerNumber: Int

    /// Whether every row is one run; such an object has no hole.
    package var isRowConvex: Bool { rows.count == mask.runs.count }

    /// nil for the empty mask. Complexity: linear in the runs.
    package init?(_ mask: Mask) {
        guard let moments = ShapeMoments(mask) else { return nil }
        self.mask = mask
        self.moments = moments
        var (left, right) = (Int.max, Int.min)
        // Breaks between rows that do not touch; enough to count parts where each row is one run.
        var gaps = 0
        rows = [RowExtent](unsafeUninitializedCapacity: mask.runs.count) { rows, count in
            mask.runs.withUnsafeBufferPointer { runs in
                let row = rows.baseAddress!
                for run in runs {
                    let (y, first, last) = (Int(run.y), Int(run.first), Int(run.last))
                    left = min(left, first)
                    right = max(right, last)
                    if count > 0 {
                        let above = row[count &- 1]
                        if above.y == y {
                            row[count &- 1].last = last
                            continue
                        }
                        if above.y &+ 1 != y || above.first > last &+ 1 || above.last < first &- 1 { gaps &+= 1 }
                    }
                    (row + count).initialize(to: (y, first, last))
                    count &+= 1
                }
            }
        }
        box = Rect(minX: left, minY: rows[0].y, maxX: right + 1, maxY: rows[rows.count - 1].y + 1)
        hull = PixelHull(rows: rows)
        if rows.count == mask.runs.count {
            (parts, eulerNumber) = (gaps + 1, gaps + 1)
        } else {
            let labelled = RunLabels(mask.runs, connectivity: .eight)
            (parts, eulerNumber) = (labelled.count, mask.runs.count - labelled.contacts)
        }
    }
}

extension ObjectOutline {
    /// Of the mask with holes closed by edges filled; the same where there are none.
    func filled() -> ObjectOutline {
        parts == eulerNumber ? self : ObjectOutline(mask.filledHoles(background: .four)) ?? self
    }
}
