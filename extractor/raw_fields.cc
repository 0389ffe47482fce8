#include "extractor/raw_fields.h"

namespace sdmeta {

std::string_view container_name(Container container) noexcept {
  switch (container) {
    case Container::kUnknown: return "";
    case Container::kPng: return "png";
    case Container::kJpeg: return "jpeg";
    case Container::kWebp: return "webp";
    case Container::kGif: return "gif";
    case Container::kTiff: return "tiff";
    case Container::kBmp: return "bmp";
    case Container::kAvif: return "avif";
    case Container::kHeif: return "heif";
    case Container::kJxl: return "jxl";
    case Container::kMp4: return "mp4";
    case Container::kMov: return "mov";
    case Container::kWebm: return "webm";
    case Container::kMatroska: return "mkv";
  }
  return "";
}

std::string_view carrier_name(Carrier carrier) noexcept {
  switch (carrier) {
    case Carrier::kPngText: return "png:tEXt";
    case Carrier::kPngZtxt: return "png:zTXt";
    case Carrier::kPngItxt: return "png:iTXt";
    case Carrier::kPngComf: return "png:comf";
    case Carrier::kJpegComment: return "jpeg:COM";
    case Carrier::kGifComment: return "gif:comment";
    case Carrier::kExifIfd0: return "exif:IFD0";
    case Carrier::kExifIfd: return "exif:ExifIFD";
    case Carrier::kExifIfd1: return "exif:IFD1";
    case Carrier::kXmp: return "xmp";
    case Carrier::kIptc: return "iptc";
    case Carrier::kMp4Ilst: return "mp4:ilst";
    case Carrier::kMp4Mdta: return "mp4:mdta";
    case Carrier::kMatroskaTag: return "mkv:tag";
    case Carrier::kStealthAlpha: return "stealth:alpha";
    case Carrier::kStealthRgb: return "stealth:rgb";
  }
  return "";
}

bool is_content_label(std::string_view key, std::string_view text) noexcept {
  return key == "AIGC" || key.ends_with(":AIGC") ||
         text.starts_with("{\"AIGC\"");
}

}  // namespace sdmeta
