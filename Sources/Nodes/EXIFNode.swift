import Codecs
import Pipeline
import Store

/// Says which of the data that cameras write into files count.
package struct EXIFNode: MetadataNode {
    package static let kind = "metadata.exif"
    package static let title = "Camera data (EXIF)"
    package static let help = "Which of the data that the camera wrote into the files are taken into the metadata of the images. What you entered by hand stays."
    package static let source = MetadataSource.exif
    package static let parameters: [Parameter<Self>] = [
        .boolean(\.time, "time", label: "Day and time", help: "By the camera's clock, as object_date and object_time."),
        .boolean(\.position, "position", label: "Position", help: "Latitude and longitude of the satellite fix."),
        .boolean(\.camera, "camera", label: "Camera", help: "Maker and model, as acq_instrument."),
        .boolean(\.exposure, "exposure", label: "Exposure", help: "Exposure time and sensitivity, as object_exposure_s and object_iso."),
    ]
    package var time = true
    package var position = true
    package var camera = true
    package var exposure = true
    package init() {}

    package func metadata(of name: String, exif: () -> EXIF?) -> ImageSayings {
        guard let exif = exif() else { return ImageSayings(isSilent: true) }
        let left = [
            "object_date": time, "object_time": time, "object_lat": position, "object_lon": position, "acq_instrument": camera, "object_exposure_s": exposure,
            "object_iso": exposure,
        ]
        return ImageSayings(fields: ImageMetadata.fields(exif).filter { left[$0.key] ?? true })
    }
}
