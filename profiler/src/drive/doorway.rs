//! An address for the author's browser that leads to the Space, and adds to each request who the visitor is: on the
//! platform the page does that itself, from what the hub gives it.

use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Response, StatusCode, header};
use tokio::net::TcpListener;

use super::Error;
use super::http::{chain, client};

/// An open address.
pub(crate) struct Doorway {
    listener: TcpListener,
    address: SocketAddr,
    way: Way,
}

/// Where it leads.
#[derive(Clone)]
struct Way {
    client: reqwest::Client,
    base: String,
    visitor: HeaderMap,
}

impl Doorway {
    /// Opens an address on loopback that leads to the Space at `base`, for a visitor with these headers.
    pub(crate) async fn open(base: &str, visitor: HeaderMap) -> Result<Self, Error> {
        let wrong =
            |why: String| Error::new(format!("no address for a browser can be opened: {why}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.map_err(|error| wrong(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| wrong(error.to_string()))?;
        let client = client().map_err(|error| wrong(chain(&error)))?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { listener, address, way: Way { client, base, visitor } })
    }

    /// What to open in a browser.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets visitors through until `stop` comes. Streams that are open then end with the program, or with the Space.
    pub(crate) async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let app = axum::Router::new().fallback(pass).with_state(self.way);
        tokio::select! {
            () = stop => Ok(()),
            end = async { axum::serve(self.listener, app).await } => {
                end.map_err(|error| Error::new(format!("the address for a browser is closed: {error}")))
            }
        }
    }
}

/// Headers of a connection, which are not for the next one.
const OF_THE_CONNECTION: [HeaderName; 7] = [
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
];

/// Hands a request on, and its answer back, both as they come.
async fn pass(State(way): State<Way>, request: Request) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = format!("{}{path}", way.base);
    // `Host` stays: from it Gradio makes the addresses that the page then asks, which must lead through here.
    for name in &OF_THE_CONNECTION {
        head.headers.remove(name);
    }
    for (name, value) in &way.visitor {
        head.headers.insert(name, value.clone());
    }
    let has_body = head.headers.contains_key(header::CONTENT_LENGTH) || head.method == "POST";
    let mut onward = way.client.request(head.method, url).headers(head.headers);
    if has_body {
        onward = onward.body(reqwest::Body::wrap_stream(body.into_data_stream()));
    }
    let answer = match onward.send().await {
        Ok(answer) => answer,
        Err(error) => {
            let mut response = Response::new(Body::from(format!(
                "The Space does not answer: {}\n",
                chain(&error)
            )));
            *response.status_mut() = StatusCode::BAD_GATEWAY;
            return response;
        }
    };
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    for name in &OF_THE_CONNECTION {
        headers.remove(name);
    }
    let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
