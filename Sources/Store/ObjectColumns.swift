import GRDB

/// Everything that objects can be sorted and filtered by, and shown as columns: by name, as SQL on `object o` and `measurement v`.
struct ObjectColumns {
    struct Column {
        var sql: String
        var isText = false
        /// SQL of a number that stands for the text in tables of columns.
        var number: String?
        /// Stands in the table of measurements.
        var isMeasured = false
    }

    /// `revision` is the number of the present mask.
    static let own: KeyValuePairs<String, Column> = [
        "id": Column(sql: "o.id"), "uid": Column(sql: "o.uid", isText: true), "x": Column(sql: "o.x"), "y": Column(sql: "o.y"),
        "width": Column(sql: "o.width"), "height": Column(sql: "o.height"), "area": Column(sql: "o.area"), "image": Column(sql: "o.image_id"),
        "edited": Column(sql: "o.edited"), "touches": Column(sql: "o.touches"), "inner": Column(sql: "o.n_inner"), "revision": Column(sql: "o.mask_id"),
        "rule": Column(sql: "o.rule", isText: true), "category": Column(sql: "o.category_id"), "status": Column(
            sql: "o.label_status", isText: true, number: "CASE o.label_status WHEN 'predicted' THEN 0 WHEN 'validated' THEN 1 WHEN 'dubious' THEN 2 END"),
        "score": Column(sql: "o.label_score"),
    ]

    let measured: [String]
    private var columns: [String: Column]

    init(measured: [String]) {
        self.measured = measured
        columns = [:]
        for name in measured { columns[name] = Column(sql: "v.\"\(name)\"", isMeasured: true) }
        for (name, column) in Self.own { columns[name] = column }
    }

    /// - Throws: `.invalid` with the names that can be used.
    func find(_ name: String) throws(StoreError) -> Column {
        guard let column = columns[name] else {
            throw .invalid(sentence: "there is no column “\(name.prefix(40))”; use \(Self.own.map(\.key).joined(separator: ", ")) or a measured column")
        }
        return column
    }
}
