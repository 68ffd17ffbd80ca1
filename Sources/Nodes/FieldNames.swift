/// How the words that people use in file names become the archive's field names.
package enum FieldNames {
    /// Field for a part of a file name: `date` is `object_date`, `station` is `sample_station`.
    ///
    /// Names that say their level (`object_…`, `sample_…`, `acq_…`, `process_…`) stay. What differs from frame to frame
    /// belongs to the object, what describes the instrument to the acquisition, everything else to the sample.
    package static func field(for token: String) -> String {
        let name = token.lowercased()
        if levels.contains(where: { name.hasPrefix($0 + "_") && name.count > $0.count + 1 }) { return name }
        if let known = predefined[name] { return known }
        if ofFrame.contains(name) { return "object_" + name }
        if ofInstrument.contains(name) { return "acq_" + name }
        return "sample_" + name
    }

    /// Token that carries the pixel size in µm instead of a field.
    package static let pixelSizeTokens: Set<String> = ["pixel_um", "pixel_size_um", "acq_pixel_um"]

    package static let levels = ["object", "sample", "acq", "process"]

    private static let predefined = [
        "date": "object_date", "time": "object_time", "lat": "object_lat", "latitude": "object_lat", "lon": "object_lon",
        "longitude": "object_lon", "depth": "object_depth", "depth_min": "object_depth_min", "depth_max": "object_depth_max",
        "sample": "sample_id", "sampleid": "sample_id", "acq": "acq_id", "acquisition": "acq_id", "instrument": "acq_instrument",
        "process": "process_id",
    ]
    private static let ofFrame: Set<String> = [
        "frame", "image", "index", "number", "n", "i", "tile", "row", "column", "col", "x", "y", "z", "t", "channel", "page", "roi",
    ]
    private static let ofInstrument: Set<String> = [
        "camera", "magnification", "objective", "lens", "exposure", "gain", "resolution", "dpi", "mode", "scan", "device",
    ]
}
