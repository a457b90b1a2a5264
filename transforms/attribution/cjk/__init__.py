"""Attribution in Korean, Japanese and Chinese."""
