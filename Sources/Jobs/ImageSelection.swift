import Store

/// Parameters of jobs that work on some of a project's images.
struct ImageSelection: Codable {
    /// Only these; all when left out.
    var images: [Int64]?

    func contains(_ image: ImageRecord) -> Bool { images.map { $0.contains(image.id) } ?? true }
}
