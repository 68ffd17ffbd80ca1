/// How alike objects are: the distance of their measured columns, each in units of its standard deviation.
///
/// The distance of two objects is the square root of the mean of ((a − b) / s)², at most 3² for one column, over all columns in
/// which both have a value. s is the population standard deviation over all objects added here; columns that are the same
/// everywhere do not count. An object that shares fewer than half of the columns in which the chosen one has a value has no distance.
struct SimilarityRanking {
    /// Beyond so many standard deviations a column says no more: one odd measure must not outweigh all others.
    static let limit: Float = 3

    private let columns: Int
    private var values: [Float] = []
    private var sums: [Double]
    private var squares: [Double]
    private var counts: [Int]
    private(set) var count = 0

    init(columns: Int) {
        self.columns = columns
        sums = Array(repeating: 0, count: columns)
        squares = sums
        counts = Array(repeating: 0, count: columns)
    }

    /// Which measured columns tell what an object is like: not where it lies or how it is turned, and no length or area a second time in µm.
    static func counts(_ column: MeasureColumnRecord) -> Bool {
        let name = column.name
        if column.unit.hasPrefix("µm") || column.unit.hasPrefix("mm") { return false }
        if ["orientation", "angle", "zooprocess_angle", "x", "y", "xm", "ym", "bx", "by", "xstart", "ystart"].contains(name) { return false }
        return !name.hasPrefix("bbox_") && !name.hasPrefix("centroid_")
    }

    /// One object's values in the order of the columns.
    mutating func append(_ value: (Int) -> Double?) {
        for column in 0..<columns {
            guard let number = value(column), number.isFinite else {
                values.append(.nan)
                continue
            }
            values.append(Float(number))
            sums[column] += number
            squares[column] += number * number
            counts[column] += 1
        }
        count += 1
    }

    /// Distance of every object from the one at `index`; nil where there is none.
    func distances(from index: Int) -> [Double?] {
        precondition(index >= 0 && index < count, "object \(index) of \(count)")
        let scales: [Float] = (0..<columns).map { column in
            guard counts[column] > 0 else { return 0 }
            let (mean, share) = (sums[column] / Double(counts[column]), 1 / Double(counts[column]))
            let variance = squares[column] * share - mean * mean
            // What rounding leaves of a column that is the same everywhere is no spread.
            return variance > 1e-12 * max(1e-300, squares[column] * share) ? Float(1 / variance.squareRoot()) : 0
        }
        let chosen = Array(values[(index * columns)..<((index + 1) * columns)])
        let used = (0..<columns).filter { scales[$0] > 0 && !chosen[$0].isNaN }
        return (0..<count).map { object in
            var (sum, shared): (Float, Int) = (0, 0)
            for column in used {
                let difference = (values[object * columns + column] - chosen[column]) * scales[column]
                if difference.isNaN { continue }
                let bounded = min(abs(difference), Self.limit)
                sum += bounded * bounded
                shared += 1
            }
            return shared > 0 && 2 * shared >= used.count ? Double(sum / Float(shared)).squareRoot() : nil
        }
    }
}
