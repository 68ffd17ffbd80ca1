import Raster

/// Gray levels under a mask, added part by part, so that neither mask nor picture need be in memory as a whole.
///
/// `GrayMeasures`, `GrayQuantiles` and `WeightedMoments` made from it equal those of the whole mask to the last bit.
public struct GraySums {
    private let box: Rect
    /// Pixels of each level.
    private(set) var counts: [Int]
    private(set) var count = 0
    private(set) var centroid: WeightedSums?
    private(set) var moments: WeightedMomentSums

    /// - Parameter box: smallest box around the whole mask; positions are told from its corner on.
    public init(box: Rect, bitsPerSample: Int) {
        precondition(bitsPerSample == 8 || bitsPerSample == 16, "\(bitsPerSample) bits a sample")
        self.box = box
        counts = [Int](repeating: 0, count: 1 << bitsPerSample)
        moments = WeightedMomentSums(box: Rect(x: 0, y: 0, width: box.width, height: box.height))
    }

    /// Adds the next rows of the mask.
    ///
    /// - Parameters:
    ///   - image: 8 or 16 bits of gray as told, inside `window`.
    ///   - window: holds all runs of the part.
    public mutating func add(_ part: Mask, image: AnyImage, window: Rect) {
        precondition(window.contains(part.bounds) && image.width == window.width && image.height == window.height, "part \(part.bounds) is outside \(window)")
        switch image {
        case .gray8(let image): add(part.runs, image, window)
        case .gray16(let image): add(part.runs, image, window)
        default: preconditionFailure("the picture is in colour")
        }
    }

    private mutating func add<Pixel: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>(_ runs: [Run], _ image: Image<Pixel>, _ window: Rect) {
        precondition(counts.count == Int(Pixel.max) + 1, "\(Pixel.bitWidth) bits a sample were not told")
        var (moments, centroid, count) = (moments, centroid, count)
        image.withBuffer { pixels in
            counts.withUnsafeMutableBufferPointer { counts in
                let table = counts.baseAddress!
                for run in runs {
                    let row = pixels.baseAddress! + ((Int(run.y) &- window.y) &* image.width &+ Int(run.first) &- window.x)
                    let local = Run(y: run.y &- Int32(box.y), first: run.first &- Int32(box.x), last: run.last &- Int32(box.x))
                    let (sum, moment) = moments.add(local, row) { table[$0] &+= 1 }
                    if centroid == nil { centroid = WeightedSums(origin: local) }
                    centroid!.add(local, sum: sum, moment: moment)
                    count &+= run.count
                }
            }
        }
        (self.moments, self.centroid, self.count) = (moments, centroid, count)
    }
}
